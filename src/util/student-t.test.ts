import { expect, it } from "vitest";
import { studentT95, z95 } from "./student-t.ts";

it.each([
  // Quantiles of scipy.stats.t.ppf(0.975, freedom), also of freedoms that are not whole.
  [1, 12.7062],
  [1.5, 6.0167],
  [2, 4.3027],
  [2.5, 3.5747],
  [3, 3.1824],
  [10, 2.2281],
  [1e6, z95],
])("Student's t of %s degrees of freedom", (freedom, quantile) => {
  expect(studentT95(freedom) / quantile).toBeGreaterThan(0.97);
  expect(studentT95(freedom) / quantile).toBeLessThan(1.03);
});
