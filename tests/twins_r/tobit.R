# Twin of statistics/censored.py: random-intercept Tobit likelihood, animal effects integrated numerically.
# Run:  Rscript tests/twins_r/tobit.R tests/twins_r/tables
args <- commandArgs(trailingOnly = TRUE)
out <- if (length(args)) args[1] else "tests/twins_r/tables"
save_table <- function(x, name) write.csv(format(x, digits = 12, trim = TRUE), file.path(out, name),
                                          row.names = FALSE, quote = FALSE)
set.seed(99)
# 12 mice per arm, 3 visits, a floor at log10(0.02 g): about a quarter of the vehicle readings lie below it
arms <- c("vehicle", "cells"); days <- c(3, 7, 14); floor_g <- log10(0.02)
d <- expand.grid(day = days, i = 1:12, arm = arms, stringsAsFactors = FALSE)
b <- rnorm(24, 0, 0.2)
d$animal <- paste0(d$arm, d$i)
d$truth <- ifelse(d$arm == "cells", -0.7, -1.4) + b[as.integer(factor(d$animal))] + rnorm(nrow(d), 0, 0.43)
d$censored <- ifelse(d$truth < floor_g, "left", "")
d$value_log10 <- pmax(d$truth, floor_g)
save_table(d[, c("animal", "arm", "day", "value_log10", "censored", "truth")], "tobit.csv")

X <- model.matrix(~ 0 + factor(paste(arm, day)), d)
node <- seq(-6, 6, length.out = 241); weight <- dnorm(node); weight <- weight / sum(weight)
groups <- split(seq_len(nrow(d)), d$animal)
nll <- function(p) {
  mu <- as.numeric(X %*% p[1:6]); sa <- exp(p[7]); s <- exp(p[8])
  -sum(sapply(groups, function(r) {
    l <- rowSums(sapply(r, function(k) if (d$censored[k] == "left") pnorm(floor_g, mu[k] + sa * node, s, log.p = TRUE)
                                       else dnorm(d$value_log10[k], mu[k] + sa * node, s, log = TRUE)))
    log(sum(weight * exp(l)))
  }))
}
start <- c(tapply(d$value_log10, factor(paste(d$arm, d$day)), mean), log(0.2), log(0.4))
f <- optim(start, nll, method = "BFGS", hessian = TRUE, control = list(reltol = 1e-12, maxit = 500))
V <- solve(f$hessian); est <- f$par
rows <- NULL
for (day in days) {
  w <- numeric(8); w[match(paste("cells", day), names(start))] <- 1; w[match(paste("vehicle", day), names(start))] <- -1
  rows <- rbind(rows, data.frame(day = day, estimate = sum(w * est), se = sqrt(drop(t(w) %*% V %*% w))))
}
save_table(rows, "tobit_contrasts.csv")
save_table(data.frame(what = c("sd_animal", "sd_residual", "loglik"), value = c(exp(est[7:8]), -f$value)), "tobit_variances.csv")
