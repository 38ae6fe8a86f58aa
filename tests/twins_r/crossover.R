# Twin of statistics/crossover.py: crossovers with known carry-over, fitted by lme4 with Kenward-Roger (pbkrtest).
# Run:  Rscript tests/twins_r/crossover.R tests/twins_r/tables
suppressMessages({library(lme4); library(lmerTest); library(pbkrtest); library(emmeans)})
args <- commandArgs(trailingOnly = TRUE)
out <- if (length(args)) args[1] else "tests/twins_r/tables"
dir.create(out, showWarnings = FALSE, recursive = TRUE)
save_table <- function(x, name) write.csv(format(x, digits = 12, trim = TRUE), file.path(out, name),
                                          row.names = FALSE, quote = FALSE)
set.seed(19650621)
effect <- c(vehicle = 0, low = 0.3, high = 0.6); left <- c(vehicle = 0, low = 0.1, high = 0.25)

make <- function(orders, each, days) {
  rows <- list(); k <- 0
  for (o in orders) for (i in seq_len(each)) {
    k <- k + 1; own <- rnorm(1, 0, 0.3); before <- c(0, left[o[-length(o)]])
    rows[[k]] <- data.frame(animal = sprintf("m%02d", k), arm = o, day = days,
                            y = -1 + 0.05 * seq_along(o) + effect[o] + before + own + rnorm(length(o), 0, 0.2))
  }
  do.call(rbind, rows)
}
results <- NULL
keep <- function(set, name, k) results <<- rbind(results, data.frame(set = set, name = name, estimate = k$estimate,
  se = k$SE, df = k$df, low = k$lower.CL, high = k$upper.CL, p = k$p.value))

# three arms in all six orders (a Williams design)
d <- make(list(c("vehicle", "low", "high"), c("low", "high", "vehicle"), c("high", "vehicle", "low"),
               c("vehicle", "high", "low"), c("low", "vehicle", "high"), c("high", "low", "vehicle")), 3, c(1, 8, 15))
save_table(d, "crossover_three.csv")
d$before <- ave(d$arm, d$animal, FUN = function(a) c("none", a[-length(a)]))
d$after_low <- as.numeric(d$before == "low"); d$after_high <- as.numeric(d$before == "high")
d$arm <- factor(d$arm, c("vehicle", "low", "high")); d$visit <- factor(d$day)
m <- lmer(y ~ arm * visit + after_low + after_high + (1 | animal), d, REML = TRUE,
          control = lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-12)))
e <- emmeans(m, ~ arm, at = list(after_low = 0, after_high = 0), lmer.df = "kenward-roger")
k <- as.data.frame(summary(contrast(e, "trt.vs.ctrl", ref = 1), infer = TRUE, adjust = "none"))
keep("three", gsub(" - ", "/", k$contrast), k)
a <- anova(m, type = 3, ddf = "Kenward-Roger")
for (x in c("low", "high")) {
  one <- as.data.frame(contest1D(m, as.numeric(names(fixef(m)) == paste0("after_", x)), ddf = "Kenward-Roger",
                                 confint = TRUE))
  keep("three", paste0("after ", x), data.frame(estimate = one$Estimate, SE = one$`Std. Error`, df = one$df,
       lower.CL = one$lower, upper.CL = one$upper, p.value = one$`Pr(>|t|)`))
}
L <- rbind(as.numeric(names(fixef(m)) == "after_low"), as.numeric(names(fixef(m)) == "after_high"))
j <- contestMD(m, L, ddf = "Kenward-Roger")
save_table(data.frame(F = j$`F value`, df1 = j$NumDF, df2 = j$DenDF, p = j$`Pr(>F)`), "crossover_joint.csv")

# two arms in two orders: carry-over is the interaction of arm and period
d <- make(list(c("vehicle", "high"), c("high", "vehicle")), 7, c(1, 15))
save_table(d, "crossover_two.csv")
d$arm <- factor(d$arm, c("vehicle", "high")); d$visit <- factor(d$day)
m <- lmer(y ~ arm * visit + (1 | animal), d, REML = TRUE,
          control = lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-12)))
e <- emmeans(m, ~ arm * visit, lmer.df = "kenward-roger")   # cells: vehicle 1, high 1, vehicle 15, high 15
k <- as.data.frame(summary(contrast(e, list(orders = c(-1, 1, 1, -1))), infer = TRUE, adjust = "none"))
keep("two", "orders", k)
save_table(results, "crossover_results.csv")
