/** Pictures of what was learned: data from `assay/analysis` → SVG, HTML and terminal text. Pure functions, no DOM. */
export { type BestSoFar, bestSoFarChart } from "./best-so-far.ts";
export {
  type Cell,
  type Chart,
  type ChartOptions,
  type Column,
  standalone,
  type Table,
} from "./chart.ts";
export { type ComparedMethod, type Comparison, comparisonChart } from "./comparison.ts";
export { type ConfusionOptions, confusionChart, type NamedConfusion } from "./confusion.ts";
export { type ContourPair, contourChart } from "./contour.ts";
export { type NamedCurve, precisionRecallChart, rocChart } from "./curves.ts";
export { type ImportanceBars, importanceChart } from "./importance.ts";
export { learningCurvesChart } from "./learning-curves.ts";
export { type LeaveOneOutPlot, leaveOneOutChart } from "./leave-one-out.ts";
export { formatFixed, formatNumber } from "./number.ts";
export { type Block, htmlPage, type Page, type Section } from "./page.ts";
export { parallelCoordinatesChart } from "./parallel-coordinates.ts";
export { type Slices, sliceChart } from "./slice.ts";
export { linePlot, sparkline, type TerminalOptions, type TerminalSeries, textTable } from "./terminal.ts";
export { type Theme, themeCss } from "./theme.ts";
