# Twin of assay/percent_response.py: probit regression of counts on log10 force by R's glm, interval of theta by profiling.
# Run:  Rscript tests/assay/percent_response.R > tests/assay/percent_response_r.csv
x <- log10(c(0.04, 0.07, 0.16, 0.4, 1, 2))
sessions <- list(c(0, 1, 2, 5, 8, 10), c(1, 2, 4, 6, 7, 9), c(0, 0, 3, 4, 9, 10), c(3, 5, 7, 8, 9, 10))
n <- 10
cat("session,k1,k2,k3,k4,k5,k6,theta,sigma,low,high\n")
for (i in seq_along(sessions)) {
  k <- sessions[[i]]
  fit <- glm(cbind(k, n - k) ~ x, family = binomial("probit"), control = list(epsilon = 1e-14, maxit = 100))
  a <- coef(fit)[[1]]; b <- coef(fit)[[2]]; theta <- -a / b
  loss <- function(t) {
    f <- glm(cbind(k, n - k) ~ 0 + I(x - t), family = binomial("probit"), control = list(epsilon = 1e-14, maxit = 100))
    as.numeric(logLik(f)) - as.numeric(logLik(fit)) + qchisq(0.95, 1) / 2
  }
  cat(paste(c(i, k, sprintf("%.8f", c(theta, 1 / b, uniroot(loss, c(theta - 1, theta), tol = 1e-12)$root,
                                      uniroot(loss, c(theta, theta + 1), tol = 1e-12)$root))), collapse = ","), "\n", sep = "")
}
