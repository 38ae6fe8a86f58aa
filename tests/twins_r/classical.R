# Twin of statistics/anova.py, multiplicity.py: classical tests in base R and mvtnorm.
# Run:  Rscript tests/twins_r/classical.R tests/twins_r/tables
suppressMessages(library(mvtnorm))
args <- commandArgs(trailingOnly = TRUE)
out <- if (length(args)) args[1] else "tests/twins_r/tables"
save_table <- function(x, name) write.csv(format(x, digits = 12, trim = TRUE), file.path(out, name),
                                          row.names = FALSE, quote = FALSE)
set.seed(7)

# repeated measures: balanced and unequal groups
result <- NULL
for (name in c("equal", "unequal")) {
  n <- if (name == "equal") c(5, 5, 5) else c(4, 7, 5)
  arm <- rep(c("vehicle", "low", "high"), n)
  k <- length(arm); v <- 5
  Y <- t(sapply(seq_len(k), function(i) {
    b <- rnorm(1, 0, 0.3); e <- as.numeric(arima.sim(list(ar = 0.5), v)) * 0.3
    c(vehicle = -1.2, low = -1, high = -0.6)[[arm[i]]] + b + e + c(0.9, 0, 0.1, 0.1, 0.2)
  }))
  long <- data.frame(animal = rep(sprintf("a%02d", 1:k), v), arm = rep(arm, v), day = rep(c(0, 3, 7, 14, 21), each = k),
                     value_log10 = as.numeric(Y))
  save_table(long, paste0("anova_", name, ".csv"))
  f <- factor(arm, c("vehicle", "low", "high")); contrasts(f) <- contr.sum(3)
  fit <- lm(Y ~ f)
  between <- lm(rowMeans(Y) ~ f)
  ab <- anova(between)
  result <- rbind(result, data.frame(set = name, term = "arm", F = ab["f", "F value"], df1 = ab["f", "Df"],
                                     df2 = ab["Residuals", "Df"], p = ab["f", "Pr(>F)"], gg = NA, hf = NA, p_gg = NA))
  idata <- data.frame(visit = factor(1:v))
  inter <- anova(fit, lm(Y ~ 1), X = ~ 1, idata = idata, test = "Spherical")
  # the visit effect of type III: intercept of the sum-to-zero model removed
  mm <- model.matrix(~ f)
  visit <- anova(lm(Y ~ 0 + mm), lm(Y ~ 0 + mm[, -1]), X = ~ 1, idata = idata, test = "Spherical")
  head_of <- function(a, what) { h <- unlist(strsplit(paste(attr(a, "heading"), collapse = "\n"), "\n"))
                                 as.numeric(sub(".*: *", "", h[grepl(what, h)])) }
  for (x in list(list("arm:visit", inter), list("visit", visit))) {
    a <- x[[2]]
    result <- rbind(result, data.frame(set = name, term = x[[1]], F = a[2, "F"], df1 = a[2, "num Df"], df2 = a[2, "den Df"],
      p = a[2, "Pr(>F)"], gg = head_of(a, "Greenhouse"), hf = head_of(a, "Huynh"), p_gg = a[2, "G-G Pr"]))
  }
  # project first: with X = ~ 1 R 4.2 mixes the dimensions before and after projection in a small correction term
  C <- contr.helmert(v); C <- C %*% diag(1 / sqrt(colSums(C^2)))
  w <- mauchly.test(lm(Y %*% C ~ f))
  result <- rbind(result, data.frame(set = name, term = "mauchly", F = w$statistic, df1 = NA, df2 = NA, p = w$p.value,
                                     gg = NA, hf = NA, p_gg = NA))
}
save_table(result, "anova_results.csv")

# one-way ANOVA, pairwise Bonferroni, Student and Welch, on ELISA-like numbers
g <- rep(c("naive", "vehicle", "cells", "lysate"), c(6, 6, 5, 6))
x <- round(exp(rnorm(length(g), log(c(naive = 60, vehicle = 75, cells = 190, lysate = 80)[g]), 0.25)), 3)
save_table(data.frame(arm = g, value = x), "oneway.csv")
a <- anova(lm(x ~ g)); w <- oneway.test(x ~ g)
pw <- pairwise.t.test(x, g, p.adjust.method = "bonferroni")$p.value
ph <- pairwise.t.test(x, g, p.adjust.method = "holm")$p.value
st <- t.test(x[g == "cells"], x[g == "vehicle"], var.equal = TRUE); we <- t.test(x[g == "cells"], x[g == "vehicle"])
save_table(data.frame(
  what = c("F", "p", "welch_F", "welch_df2", "welch_p", "bonferroni_cells_vehicle", "bonferroni_cells_naive",
           "holm_cells_vehicle", "student_t", "student_p", "student_low", "student_high", "welch_t", "welch_df",
           "welch_t_p", "welch_low", "welch_high", "bartlett_p"),
  value = c(a[1, 4], a[1, 5], w$statistic, w$parameter[2], w$p.value, pw["vehicle", "cells"], pw["naive", "cells"],
            ph["vehicle", "cells"], st$statistic, st$p.value, st$conf.int, we$statistic, we$parameter, we$p.value,
            we$conf.int, bartlett.test(x, g)$p.value)), "oneway_results.csv")

# Dunnett: three arms against one control, n = 6 and unequal
rows <- NULL
for (n in list(c(6, 6, 6, 6), c(8, 5, 6, 4))) {
  lam <- sqrt(n[-1] / (n[-1] + n[1])); R <- outer(lam, lam); diag(R) <- 1; df <- sum(n) - 4
  q <- qmvt(0.95, tail = "both.tails", df = df, corr = R, algorithm = GenzBretz(maxpts = 1e5, abseps = 1e-5))$quantile
  for (t in c(1.5, 2.2, 3.1))
    rows <- rbind(rows, data.frame(n = paste(n, collapse = "/"), df = df, t = t, critical = q,
      p = 1 - pmvt(-rep(t, 3), rep(t, 3), df = df, corr = R, algorithm = GenzBretz(maxpts = 5e5, abseps = 1e-5))[1]))
}
save_table(rows, "dunnett.csv")

# noncentral t intervals of standardised differences, by inverting pt()
rows <- NULL
for (k in list(c(2.5, 8), c(-1.2, 22), c(6, 10), c(0.1, 5.5))) {
  low <- uniroot(function(d) pt(k[1], k[2], d) - 0.975, c(-20, 20), tol = 1e-10)$root
  high <- uniroot(function(d) pt(k[1], k[2], d) - 0.025, c(-20, 20), tol = 1e-10)$root
  rows <- rbind(rows, data.frame(t = k[1], df = k[2], low = low, high = high))
}
save_table(rows, "noncentral.csv")
