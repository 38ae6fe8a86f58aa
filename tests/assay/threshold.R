# Twin of assay/threshold.py: the same likelihood by R's glm (probit, slope fixed by an offset), interval by profiling.
# Run:  Rscript tests/assay/threshold.R > tests/assay/threshold_r.csv
forces <- c(1.65, 2.36, 2.83, 3.22, 3.61, 4.08, 4.31, 4.74) - 4
sigma <- (4.74 - 1.65) / 7
series <- c("OXOOXX", "OXOXOX", "OOXXOO", "XOXXO", "OOXOOXO", "OOOOXXOOX", "XXXOO", "OXXXXO", "XOOOX", "OOXXXXX")
last <- c(5, 5, 5, 2, 6, 8, 2, 1, 6, 2)
profile_bound <- function(y, x, at, side) {
  top <- logLik(glm(y ~ 1 + offset(x / sigma), family = binomial("probit"), control = list(epsilon = 1e-14, maxit = 100)))
  loss <- function(theta) sum(pnorm((x - theta) / sigma * ifelse(y == 1, 1, -1), log.p = TRUE)) - as.numeric(top) + qchisq(0.95, 1) / 2
  uniroot(loss, if (side < 0) c(at - 20, at) else c(at, at + 20), tol = 1e-13)$root
}
cat("series,last,steps,log10_g,low,high\n")
for (i in seq_along(series)) for (steps in c("exact", "nominal")) {
  y <- as.integer(strsplit(series[i], "")[[1]] == "X")
  path <- last[i] - rev(cumsum(rev(c(ifelse(y == 0, 1, -1)[-length(y)], 0))))
  x <- if (steps == "exact") forces[path] else forces[last[i]] + sigma * (path - last[i])
  fit <- glm(y ~ 1 + offset(x / sigma), family = binomial("probit"), control = list(epsilon = 1e-14, maxit = 100))
  theta <- -unname(coef(fit)) * sigma
  cat(sprintf("%s,%d,%s,%.10f,%.10f,%.10f\n", series[i], last[i], steps, theta,
              profile_bound(y, x, theta, -1), profile_bound(y, x, theta, 1)))
}
