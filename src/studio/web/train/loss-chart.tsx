/** The loss of each task by images seen, smoothed; said in words, too. */
import type { LossLine } from "./messages.ts";

const [width, height] = [600, 180];
const margin = { left: 44, right: 8, top: 8, bottom: 22 } as const;
/** Weight of what came before in the smoothed line. */
const smoothing = 0.8;

interface Curve {
  readonly name: string;
  readonly points: readonly (readonly [number, number])[];
}

export interface LossChartProps {
  readonly lines: readonly LossLine[];
  /** Tasks with their names for people, in order. */
  readonly tasks: readonly { readonly task: string; readonly name: string }[];
  /** What the chart shows, before its numbers. */
  readonly label: string;
  readonly axis: string;
}

export function LossChart({ lines, tasks, label, axis }: LossChartProps) {
  const curves = tasks.map(({ task, name }) => ({ name, points: smoothed(lines, task) }));
  const drawn = curves.filter(({ points }) => points.length > 1);
  if (drawn.length === 0) return null;
  const all = drawn.flatMap(({ points }) => points);
  const most = Math.max(...all.map(([images]) => images));
  const highest = Math.max(...all.map(([, loss]) => loss)) || 1;
  const x = (images: number) =>
    margin.left + (images / most) * (width - margin.left - margin.right);
  const y = (loss: number) =>
    height - margin.bottom - (loss / highest) * (height - margin.top - margin.bottom);
  const last = drawn.map(({ name, points }) => `${name} ${rounded(points.at(-1)![1])}`).join(", ");
  return (
    <figure class="loss-chart">
      <svg viewBox={`0 0 ${width} ${height}`} role="img" aria-label={`${label}: ${last}`}>
        <title>{label}</title>
        {[0, 0.5, 1].map((part) => (
          <g key={part}>
            <line
              x1={margin.left}
              x2={width - margin.right}
              y1={y(part * highest)}
              y2={y(part * highest)}
            />
            <text x={margin.left - 6} y={y(part * highest) + 4} text-anchor="end">
              {rounded(part * highest)}
            </text>
          </g>
        ))}
        <text x={margin.left} y={height - 6}>
          0
        </text>
        <text x={width - margin.right} y={height - 6} text-anchor="end">
          {`${most} ${axis}`}
        </text>
        {drawn.map(({ name, points }, k) => (
          <polyline
            key={name}
            class={`curve curve-${k % 5}`}
            points={points.map(([images, loss]) => `${x(images)},${y(loss)}`).join(" ")}
          />
        ))}
      </svg>
      <figcaption>
        {drawn.map(({ name }, k) => (
          <span key={name}>
            <svg viewBox="0 0 24 8" aria-hidden="true">
              <line class={`curve curve-${k % 5}`} x1="0" x2="24" y1="4" y2="4" />
            </svg>
            {name}
          </span>
        ))}
      </figcaption>
    </figure>
  );
}

/** The loss of a task in each line that has it. */
export function smoothed(lines: readonly LossLine[], task: string): Curve["points"] {
  let [sum, weight] = [0, 0];
  return lines.flatMap(({ images, lossByTask }) => {
    const loss = lossByTask?.[task];
    if (loss === undefined) return [];
    sum = smoothing * sum + loss;
    weight = smoothing * weight + 1;
    return [[images, sum / weight] as const];
  });
}

function rounded(value: number): string {
  return value === 0 ? "0" : value.toPrecision(2);
}
