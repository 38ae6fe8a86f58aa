# The same syntheses in R: metafor, lme4, VGAM and survival. Run from this folder: Rscript metafor.R
# Debian: apt-get install r-base-core r-cran-metafor r-cran-lme4 r-cran-vgam r-cran-survival r-cran-kmsurv
# Writes inputs/ (public textbook data) and tables/twin.csv. inputs/ours_*.csv come from export_ours.py.
suppressMessages({library(metafor); library(survival); library(VGAM); library(KMsurv)})
rows <- list()
say <- function(data, quantity, value) rows[[length(rows) + 1]] <<- data.frame(
  data = data, quantity = quantity, value = formatC(as.numeric(value), digits = 12, format = "g"))
tight <- list(threshold = 1e-12, maxiter = 10000)

# --- effect sizes
normand <- dat.normand1999
write.csv(normand[, c("n1i", "m1i", "sd1i", "n2i", "m2i", "sd2i")], "inputs/normand1999.csv", row.names = FALSE, quote = FALSE)
smd <- escalc("SMD", m1i = m1i, sd1i = sd1i, n1i = n1i, m2i = m2i, sd2i = sd2i, n2i = n2i, data = normand)
for (i in seq_len(nrow(smd))) { say("normand1999", paste0("g_", i), smd$yi[i]); say("normand1999", paste0("v_", i), smd$vi[i]) }

bcg <- escalc("RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg)
write.csv(bcg[, c("tpos", "tneg", "cpos", "cneg", "ablat")], "inputs/bcg.csv", row.names = FALSE, quote = FALSE)

pooled <- function(name, y, v) {
  fit <- rma(y, v, method = "REML", test = "knha", control = tight)
  between <- confint(fit, control = list(tol = 1e-12))$random[1, ]
  pred <- predict(fit)
  for (q in list(c("estimate", fit$beta), c("se", fit$se), c("low", fit$ci.lb), c("high", fit$ci.ub), c("p", fit$pval),
                 c("tau2", fit$tau2), c("tau2_low", between[2]), c("tau2_high", between[3]), c("i2", fit$I2), c("q", fit$QE),
                 c("q_p", fit$QEp), c("predicted_low", pred$pi.lb), c("predicted_high", pred$pi.ub))) say(name, q[1], q[2])
  out <- leave1out(fit); inf <- influence(fit)$inf
  for (i in seq_along(y)) {
    say(name, paste0("without_", i), out$estimate[i]); say(name, paste0("without_tau2_", i), out$tau2[i])
    say(name, paste0("cook_", i), inf$cook.d[i]); say(name, paste0("hat_", i), inf$hat[i])
    say(name, paste0("rstudent_", i), inf$rstudent[i])
  }
  e <- regtest(fit); say(name, "egger_slope", e$fit$beta[2]); say(name, "egger_p", e$pval); say(name, "egger_limit", e$est)
  r <- suppressWarnings(ranktest(fit)); say(name, "rank_tau", r$tau); say(name, "rank_p", r$pval)
  t <- trimfill(fit); say(name, "filled", t$k0)
  refit <- rma(t$yi, t$vi, method = "REML", test = "knha", control = tight)
  say(name, "filled_estimate", refit$beta); say(name, "filled_low", refit$ci.lb); say(name, "filled_high", refit$ci.ub)
}
pooled("bcg", bcg$yi, bcg$vi)
pooled("normand1999", smd$yi, smd$vi)
mod <- rma(yi, vi, mods = ~ ablat, data = bcg, method = "REML", test = "knha", control = tight)
for (j in 1:2) { say("bcg_latitude", paste0("b_", j), mod$beta[j]); say("bcg_latitude", paste0("se_", j), mod$se[j]) }
say("bcg_latitude", "tau2", mod$tau2)

# --- dependent effects
k <- dat.konstantopoulos2011
write.csv(k[, c("district", "school", "yi", "vi")], "inputs/konstantopoulos2011.csv", row.names = FALSE, quote = FALSE)
ml <- rma.mv(yi, vi, random = ~ 1 | district/school, data = k, control = list(rel.tol = 1e-12))
rob <- robust(ml, cluster = k$district)
for (q in list(c("estimate", ml$beta), c("se", ml$se), c("s2_between", ml$sigma2[1]), c("s2_within", ml$sigma2[2]),
               c("robust_se", rob$se), c("low", rob$ci.lb), c("high", rob$ci.ub), c("p", rob$pval))) say("konstantopoulos2011", q[1], q[2])

# --- proportions
proportion <- function(name, x, n) {
  fit <- rma.glmm(measure = "PLO", xi = x, ni = n, nAGQ = 25)
  say(name, "logit", fit$beta); say(name, "logit_se", fit$se); say(name, "sigma2", fit$tau2)
  bb <- vglm(cbind(x, n - x) ~ 1, betabinomial(lrho = "logitlink"), control = vglm.control(epsilon = 1e-12, maxit = 200))
  say(name, "beta_binomial_logit", coef(bb)[1]); say(name, "beta_binomial_rho", Coef(bb)[2]); say(name, "beta_binomial_loglik", logLik(bb))
}
p <- dat.pritz1997
write.csv(p[, c("xi", "ni")], "inputs/pritz1997.csv", row.names = FALSE, quote = FALSE)
proportion("pritz1997", p$xi, p$ni)
ours <- read.csv("inputs/ours_events.csv")
for (term in unique(ours$term)) { d <- ours[ours$term == term, ]; proportion(paste0("ours_", term), d$events, d$total) }

# --- times
data(bcdeter)
b <- bcdeter[bcdeter$treat == 1, c("lower", "upper")]
write.csv(b, "inputs/bcdeter_radiotherapy.csv", row.names = FALSE, quote = FALSE, na = "")
times <- function(name, low, high, at, laws = c("weibull", "lognormal")) {
  s <- Surv(ifelse(low == 0, NA, low), high, type = "interval2")
  for (law in laws) {
    fit <- survreg(s ~ 1, dist = law, control = survreg.control(rel.tolerance = 1e-13, maxiter = 500))
    say(name, paste0(law, "_location"), coef(fit)); say(name, paste0(law, "_scale"), fit$scale); say(name, paste0(law, "_loglik"), logLik(fit))
  }
  curve <- suppressWarnings(survfit(s ~ 1))
  for (t in at) say(name, paste0("survival_", t), summary(curve, times = t, extend = TRUE)$surv)
}
times("bcdeter", b$lower, b$upper, c(4.5, 12, 24, 30, 46))
mine <- read.csv("inputs/ours_times.csv")
for (what in unique(mine$what)) { d <- mine[mine$what == what, ]; times(paste0("ours_", what), d$low, ifelse(is.na(d$high), NA, d$high), c(), c("weibull", "lognormal")) }

# --- direction of effect
for (v in list(c(8, 9), c(5, 5), c(3, 14))) {
  t <- binom.test(v[1], v[2]); name <- paste0("sign_", v[1], "_", v[2])
  say(name, "p", t$p.value); say(name, "low", t$conf.int[1]); say(name, "high", t$conf.int[2])
}
write.csv(do.call(rbind, rows), "tables/twin.csv", row.names = FALSE, quote = FALSE)
cat(length(rows), "values;", R.version.string, "; metafor", as.character(packageVersion("metafor")), "; lme4", as.character(packageVersion("lme4")),
    "; VGAM", as.character(packageVersion("VGAM")), "; survival", as.character(packageVersion("survival")), "\n", file = "tables/made_with.txt")
