# Twin of statistics/mixed.py: simulated tables with known truth, fitted by lme4, lmerTest, pbkrtest, nlme, emmeans.
# Run:  Rscript tests/twins_r/mixed.R tests/twins_r/tables
suppressMessages({library(lme4); library(lmerTest); library(pbkrtest); library(emmeans); library(nlme)})
args <- commandArgs(trailingOnly = TRUE)
out <- if (length(args)) args[1] else "tests/twins_r/tables"
dir.create(out, showWarnings = FALSE, recursive = TRUE)
save_table <- function(x, name) write.csv(format(x, digits = 12, trim = TRUE), file.path(out, name),
                                          row.names = FALSE, quote = FALSE)
set.seed(20240611)

make <- function(n_per_arm, sd_animal, sd_resid, drop = 0) {
  arms <- names(n_per_arm); days <- c(3, 7, 14, 21); rows <- list(); k <- 0
  for (a in arms) for (i in seq_len(n_per_arm[[a]])) {
    k <- k + 1
    b <- rnorm(1, 0, sd_animal); sex <- c("female", "male")[1 + i %% 2]; cohort <- paste0("c", 1 + (i %/% 2) %% 2)
    base <- 0 + b + rnorm(1, 0, sd_resid)
    mu <- c(vehicle = -1.2, low = -0.9, high = -0.5)[[a]]
    s <- if (a == "high") 1.5 * sd_resid else sd_resid
    y <- mu + 0.1 * (days == 21) + 0.08 * (sex == "male") + b + rnorm(4, 0, s)
    rows[[k]] <- data.frame(animal = sprintf("%s%02d", a, i), arm = a, sex = sex, cohort = cohort, baseline = base,
                            day = days, y = y)
  }
  d <- do.call(rbind, rows)
  if (drop > 0) d <- d[-sample(nrow(d), drop), ]
  d
}

sets <- list(balanced = make(c(vehicle = 6, low = 6, high = 6), 0.30, 0.30),
             missing  = make(c(vehicle = 7, low = 5, high = 8), 0.16, 0.40, drop = 11),
             singular = make(c(vehicle = 5, low = 5, high = 5), 0.00, 0.40))

emm_options(lmerTest.limit = 1e4, pbkrtest.limit = 1e4)
variances <- NULL; contrasts <- NULL; tests <- NULL
for (name in names(sets)) {
  d <- sets[[name]]
  save_table(d, paste0("mixed_", name, ".csv"))
  d$arm <- factor(d$arm, c("vehicle", "low", "high")); d$visit <- factor(d$day)
  d$sex <- factor(d$sex); d$cohort <- factor(d$cohort)
  m <- lmer(y ~ arm * visit + baseline + sex + cohort + (1 | animal), d, REML = TRUE,
            control = lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-12)))
  v <- as.data.frame(VarCorr(m))
  variances <- rbind(variances, data.frame(set = name, animal = v$vcov[1], residual = v$vcov[2],
                                           loglik = as.numeric(logLik(m))))
  for (mode in c("kenward-roger", "satterthwaite")) {
    e <- emmeans(m, ~ arm | visit, lmer.df = mode)
    k <- as.data.frame(confint(contrast(e, "trt.vs.ctrl", ref = 1, adjust = "none")))
    p <- as.data.frame(summary(contrast(e, "trt.vs.ctrl", ref = 1), infer = TRUE, adjust = "none"))
    contrasts <- rbind(contrasts, data.frame(set = name, method = mode, contrast = gsub(" - ", "/", k$contrast),
      day = as.character(k$visit), estimate = k$estimate, se = k$SE, df = k$df, low = k$lower.CL, high = k$upper.CL,
      p = p$p.value))
    ddf <- if (mode == "kenward-roger") "Kenward-Roger" else "Satterthwaite"
    a <- anova(m, type = 3, ddf = ddf)
    keep <- c("arm:visit", "baseline", "sex", "cohort")
    tests <- rbind(tests, data.frame(set = name, method = mode, term = keep, F = a[keep, "F value"],
                                     df1 = a[keep, "NumDF"], df2 = a[keep, "DenDF"], p = a[keep, "Pr(>F)"]))
  }
}
save_table(variances, "mixed_variances.csv"); save_table(contrasts, "mixed_contrasts.csv")
save_table(tests, "mixed_tests.csv")

# residual variance by arm: nlme
d <- sets$missing; d$arm <- factor(d$arm, c("vehicle", "low", "high")); d$visit <- factor(d$day)
g <- lme(y ~ arm * visit + baseline + sex + cohort, random = ~ 1 | animal, weights = varIdent(form = ~ 1 | arm), d,
         control = lmeControl(tolerance = 1e-10, msTol = 1e-12))
s <- coef(g$modelStruct$varStruct, unconstrained = FALSE, allCoef = TRUE)
k <- as.data.frame(contrast(emmeans(g, ~ arm | visit), "trt.vs.ctrl", ref = 1, adjust = "none"))
save_table(data.frame(what = c("animal", paste0("residual:", names(s)), "loglik"),
                      value = c(as.numeric(VarCorr(g)[1, 1]), (g$sigma * s)^2, as.numeric(logLik(g)))),
           "mixed_by_arm_variances.csv")
save_table(data.frame(contrast = gsub(" - ", "/", k$contrast), day = as.character(k$visit), estimate = k$estimate,
                      se = k$SE), "mixed_by_arm_contrasts.csv")
writeLines(c(R.version.string, sapply(c("lme4", "lmerTest", "pbkrtest", "emmeans", "nlme"),
             function(p) paste(p, packageVersion(p)))), file.path(out, "versions.txt"))
