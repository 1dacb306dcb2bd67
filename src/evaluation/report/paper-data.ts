/** The numbers of the paper's tables (Saharia et al. 2022, arXiv 2111.05826): data only. */
import type { RowKind } from "./report.ts";

/** Label, kind, and a number for each column; `null` where the paper gives none. */
type PaperRow = readonly [string, RowKind, ...(number | null)[]];

interface PaperBlock {
  readonly title?: string;
  /** The evaluated condition of these rows; undefined for rows of all conditions. */
  readonly condition?: string;
  readonly rows: readonly PaperRow[];
}

export interface PaperTable {
  readonly number: string;
  /** The task that shows the table. */
  readonly task: string;
  readonly title: string;
  /** Heading and fewest decimals. */
  readonly columns: readonly (readonly [string, number])[];
  readonly blocks: readonly PaperBlock[];
}

const quality = [
  ["FID", 1],
  ["IS", 1],
  ["CA %", 1],
  ["PD", 1],
] as const;
const both = [...quality, ["Places2 FID", 1], ["Places2 PD", 1]] as const;

export const paperTables: readonly PaperTable[] = [
  {
    number: "1",
    task: "colorize",
    title: "colorization, first 5,000 ImageNet validation pictures",
    columns: [
      ["FID-5K", 2],
      ["IS", 1],
      ["CA %", 1],
      ["PD", 1],
      ["Fool rate %", 2],
    ],
    blocks: [
      {
        rows: [
          ["pix2pix", "other", 24.41, null, null, null, null],
          ["PixColor", "other", 24.32, null, null, null, 29.9],
          ["ColTran", "other", 19.37, null, null, null, 36.55],
          ["Regression", "regression", 17.89, 169.8, 68.2, 60.0, 39.45],
          ["Palette", "palette", 15.78, 200.8, 72.5, 46.2, 47.8],
          ["Originals", "originals", 14.68, 229.6, 75.6, 0, null],
        ],
      },
    ],
  },
  {
    number: "8",
    task: "colorize",
    title: "colorization, 10,000 ImageNet pictures (ctest10k)",
    columns: quality,
    blocks: [
      {
        rows: [
          ["Palette, L2", "palette", 3.4, 212.9, 72.0, 48.0],
          ["Palette, L1", "palette", 3.4, 215.8, 71.9, 45.8],
          ["Originals", "originals", 2.7, 250.1, 76.0, 0],
        ],
      },
    ],
  },
  {
    number: "2 and 9",
    task: "inpaint",
    title: "inpainting, ImageNet and Places2",
    columns: both,
    blocks: [
      {
        title: "Free-form mask, 10-20 %",
        condition: "inpaint-freeform-10-20",
        rows: [
          ["DeepFillv2", "other", 6.7, 198.2, 71.6, 38.6, 12.2, 38.1],
          ["HiFill", "other", 7.5, 192.0, 70.1, 46.9, 13.0, 55.1],
          ["Palette (I)", "palette", 5.1, 221.0, 73.8, 15.6, 11.6, 22.1],
          ["Palette (I+P)", "palette", 5.2, 219.2, 73.7, 15.5, 11.6, 20.3],
        ],
      },
      {
        title: "Free-form mask, 20-30 %",
        condition: "inpaint-freeform-20-30",
        rows: [
          ["DeepFillv2", "other", 9.4, 174.6, 68.8, 64.7, 13.5, 63.0],
          ["HiFill", "other", 12.4, 157.0, 65.7, 86.2, 15.7, 92.8],
          ["Co-ModGAN", "other", null, null, null, null, 12.4, 51.6],
          ["Palette (I)", "palette", 5.2, 208.6, 72.6, 27.4, 11.8, 37.7],
          ["Palette (I+P)", "palette", 5.2, 205.5, 72.3, 27.6, 11.7, 35.0],
        ],
      },
      {
        title: "Free-form mask, 30-40 %",
        condition: "inpaint-freeform-30-40",
        rows: [
          ["DeepFillv2", "other", 14.2, 144.7, 64.9, 95.5, 15.8, 90.1],
          ["HiFill", "other", 20.9, 115.6, 59.4, 131.0, 20.1, 132.0],
          ["Palette (I)", "palette", 5.5, 195.2, 71.4, 39.9, 12.1, 53.5],
          ["Palette (I+P)", "palette", 5.6, 192.8, 71.3, 40.2, 11.6, 49.2],
        ],
      },
      {
        title: "Center mask, 128x128",
        condition: "inpaint-center",
        rows: [
          ["DeepFillv2", "other", 18.0, 135.3, 64.3, 117.2, 15.3, 96.3],
          ["HiFill", "other", 20.1, 126.8, 62.3, 129.7, 16.9, 115.4],
          ["Co-ModGAN", "other", null, null, null, null, 13.7, 86.2],
          ["Palette (I)", "palette", 6.4, 173.3, 69.7, 58.8, 12.2, 62.8],
          ["Palette (I+P)", "palette", 6.6, 173.9, 69.3, 59.5, 11.9, 57.3],
        ],
      },
      {
        title: "Without a mask",
        rows: [["Originals", "originals", 5.1, 231.6, 74.6, 0, 11.4, 0]],
      },
    ],
  },
  {
    number: "3",
    task: "uncrop",
    title: "uncropping the right half, ImageNet and Places2",
    columns: [...quality, ["Places2 FID", 1], ["Places2 PD", 1], ["Fool rate %", 0]],
    blocks: [
      {
        rows: [
          ["Boundless", "other", 18.7, 104.1, 58.8, 127.9, 11.8, 129.3, 25],
          ["InfinityGAN", "other", null, null, null, null, null, null, 15],
          ["Palette", "palette", 5.8, 138.1, 63.4, 85.9, 3.53, 103.3, 40],
          ["Originals", "originals", 2.7, 250.1, 76.0, 0, 2.1, 0, null],
        ],
      },
    ],
  },
  {
    number: "10",
    task: "uncrop",
    title: "uncropping, top 50 categories of Places2",
    columns: [
      ["FID", 1],
      ["PD", 1],
    ],
    blocks: [
      {
        rows: [
          ["Boundless", "other", 28.3, 115.0],
          ["Palette", "palette", 22.9, 93.4],
          ["Originals", "originals", 23.6, 0],
        ],
      },
    ],
  },
  {
    number: "11",
    task: "uncrop",
    title: "uncropping, scenery categories of Places2",
    columns: [["FID", 1]],
    blocks: [
      {
        rows: [
          ["Boundless", "other", 12.7],
          ["InfinityGAN", "other", 15.7],
          ["Palette", "palette", 5.6],
        ],
      },
    ],
  },
  {
    number: "4",
    task: "dejpeg",
    title: "JPEG restoration, ImageNet",
    columns: quality,
    blocks: [
      {
        title: "Quality 5",
        condition: "dejpeg-5",
        rows: [
          ["Regression", "regression", 29.0, 73.9, 52.8, 155.4],
          ["Palette", "palette", 8.3, 133.6, 64.2, 95.5],
        ],
      },
      {
        title: "Quality 10",
        condition: "dejpeg-10",
        rows: [
          ["Regression", "regression", 18.0, 117.2, 63.5, 102.2],
          ["Palette", "palette", 5.4, 180.5, 70.7, 58.3],
        ],
      },
      {
        title: "Quality 20",
        condition: "dejpeg-20",
        rows: [
          ["Regression", "regression", 11.5, 158.7, 69.7, 65.4],
          ["Palette", "palette", 4.3, 208.7, 73.5, 37.1],
        ],
      },
      {
        title: "Not coded",
        rows: [["Originals", "originals", 2.7, 250.1, 76.0, 0]],
      },
    ],
  },
  {
    number: "5",
    task: "ablation",
    title: "self-attention, inpainting on ImageNet, 500K steps",
    columns: [
      ["Parameters M", 0],
      ["FID", 1],
      ["IS", 1],
      ["PD", 1],
    ],
    blocks: [
      {
        rows: [
          ["Dilated convolutions, no attention", "palette", 624, 8.0, 157.5, 70.6],
          ["Twice the residual blocks at 32/16/8, no attention", "palette", 603, 8.1, 157.1, 71.9],
          ["Local attention", "palette", 552, 9.4, 149.8, 78.2],
          ["Global attention", "palette", 552, 7.4, 164.8, 67.1],
        ],
      },
    ],
  },
  {
    number: "6",
    task: "ablation",
    title: "L1 against L2, ImageNet",
    columns: [
      ["FID", 1],
      ["PD", 1],
      ["LPIPS (diversity)", 2],
    ],
    blocks: [
      {
        title: "Inpainting",
        rows: [
          ["Palette, L1", "palette", 3.6, 41.9, 0.11],
          ["Palette, L2", "palette", 3.6, 43.8, 0.13],
        ],
      },
      {
        title: "Colorization",
        rows: [
          ["Palette, L1", "palette", 3.4, 45.8, 0.09],
          ["Palette, L2", "palette", 3.4, 48.0, 0.15],
        ],
      },
    ],
  },
  {
    number: "7",
    task: "multi-task",
    title: "multi-task against task-specific models, ImageNet",
    columns: quality,
    blocks: [
      {
        title: "Inpainting, center mask 128x128",
        condition: "inpaint-center",
        rows: [
          ["Palette (specialist)", "palette", 6.6, 173.9, 69.3, 59.5],
          ["Palette (multi-task)", "palette", 6.8, 165.7, 68.9, 65.2],
        ],
      },
      {
        title: "Colorization",
        condition: "colorize",
        rows: [
          ["Regression", "regression", 5.5, 176.9, 68.0, 61.1],
          ["Palette (specialist)", "palette", 3.4, 212.9, 72.0, 48.0],
          ["Palette (multi-task)", "palette", 3.7, 187.4, 69.4, 57.1],
        ],
      },
      {
        title: "JPEG restoration, quality 5",
        condition: "dejpeg-5",
        rows: [
          ["Regression", "regression", 29.0, 73.9, 52.8, 155.4],
          ["Palette (specialist)", "palette", 8.3, 133.6, 64.2, 95.5],
          ["Palette (multi-task)", "palette", 7.0, 137.8, 64.7, 92.4],
        ],
      },
    ],
  },
];
