/** Line icons on a grid of 24. */
import type { ComponentChildren } from "preact";

const shapes = {
  logo: (
    <path d="M12 3a9 9 0 1 0 0 18c1.6 0 2-1.1 1.6-2.2-.6-1.6.4-2.8 2-2.8H18a3 3 0 0 0 3-3c0-5.5-4-10-9-10ZM7.5 12.5h.01M9 8h.01M14 7h.01M17.5 10.5h.01" />
  ),
  colorize: (
    <path d="M12 3.5s-6 6.2-6 10.2a6 6 0 0 0 12 0c0-4-6-10.2-6-10.2ZM9.5 14.5a2.8 2.8 0 0 0 2.5 2.6" />
  ),
  fill: (
    <path d="M4 20c2.8.4 5-.6 5-3a2.6 2.6 0 0 0-2.6-2.6C4.4 14.4 5 17.6 4 20Zm5.4-5.6L19 4.8a1.5 1.5 0 0 1 2 2l-9.4 9.6" />
  ),
  extend: <path d="M8 8h8v8H8zM4 8V4h4M16 4h4v4M20 16v4h-4M8 20H4v-4" />,
  repair: (
    <path d="M12 3.5 13.9 9l5.6 1.9-5.6 1.9L12 18.4l-1.9-5.6-5.6-1.9L10.1 9ZM19 16v5M16.5 18.5h5" />
  ),
  upscale: <path d="M4 13v7h7M20 11V4h-7M4 20l6.5-6.5M20 4l-6.5 6.5" />,
  open: (
    <path d="M4 19V6a1 1 0 0 1 1-1h4.5l2 2.5H19a1 1 0 0 1 1 1V19a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1Z" />
  ),
  undo: <path d="M8 5 4 9l4 4M4 9h10a6 6 0 0 1 0 12h-3" />,
  redo: <path d="m16 5 4 4-4 4M20 9H10a6 6 0 0 0 0 12h3" />,
  history: <path d="M4 5v4h4M4.5 9A8.5 8.5 0 1 1 3.6 13M12 8v4.5l3 2" />,
  save: <path d="M12 4v11M7.5 11 12 15.5 16.5 11M5 20h14" />,
  help: (
    <path d="M9 9a3 3 0 1 1 4.2 2.8c-.8.4-1.2 1-1.2 2V14M12 17.5h.01M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18Z" />
  ),
  sun: (
    <path d="M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8ZM12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4" />
  ),
  moon: <path d="M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5Z" />,
  close: <path d="m6 6 12 12M18 6 6 18" />,
  plus: <path d="M12 5v14M5 12h14" />,
  minus: <path d="M5 12h14" />,
  fit: (
    <path d="M4 9V5a1 1 0 0 1 1-1h4M15 4h4a1 1 0 0 1 1 1v4M20 15v4a1 1 0 0 1-1 1h-4M9 20H5a1 1 0 0 1-1-1v-4" />
  ),
  brush: (
    <path d="M4 20c2.8.4 5-.6 5-3a2.6 2.6 0 0 0-2.6-2.6C4.4 14.4 5 17.6 4 20Zm5.4-5.6L19 4.8a1.5 1.5 0 0 1 2 2l-9.4 9.6" />
  ),
  eraser: (
    <path d="m8 20-4.2-4.2a1.5 1.5 0 0 1 0-2.1l9.9-9.9a1.5 1.5 0 0 1 2.1 0l4.4 4.4a1.5 1.5 0 0 1 0 2.1L10.5 20ZM8 20h12M9 8.5l6.5 6.5" />
  ),
  rectangle: <path d="M4 6h16v12H4z" stroke-dasharray="3 2.4" />,
  lasso: (
    <path d="M12 4c5 0 8.5 2.4 8.5 5.5S17 15 12 15s-8.500-2.400-8.500-5.500S7 4 12 4ZM7 14.5c-1.600.4-2.500 1.300-2.500 2.500 0 1.700 2 2 2 3.500" />
  ),
  slider: <path d="M12 3v18M4 6h5v12H4zM15 6h5v12h-5z" />,
  beside: <path d="M3.500 6h7v12h-7zM13.500 6h7v12h-7z" />,
  all: <path d="M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM13 13h7v7h-7z" />,
  single: <path d="M4 5h16v14H4z" />,
  check: <path d="m5 12.5 4.500 4.500L19 7.500" />,
  eye: (
    <path d="M2.500 12S6 5.500 12 5.500 21.500 12 21.500 12 18 18.500 12 18.500 2.500 12 2.500 12ZM12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6Z" />
  ),
  dice: (
    <path d="M5 4h14a1 1 0 0 1 1 1v14a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1ZM8.500 8.500h.01M15.500 15.500h.01M12 12h.01M15.500 8.500h.01M8.500 15.500h.01" />
  ),
  machine: (
    <path d="M7 7h10v10H7zM10 10h4v4h-4zM10 7V3.5M14 7V3.5M10 20.500V17M14 20.500V17M7 10H3.500M7 14H3.500M20.500 10H17M20.500 14H17" />
  ),
  teach: (
    <path d="M12 4 2.500 9 12 14l9.500-5ZM6.500 11.500V17c3 2.500 8 2.500 11 0v-5.500M21.500 9v6" />
  ),
  batch: <path d="M7 7h13v13H7zM4 17V5a1 1 0 0 1 1-1h12" />,
  link: (
    <path d="M10 14a4 4 0 0 0 5.700 0l3-3A4 4 0 0 0 13 5.300l-1 1M14 10a4 4 0 0 0-5.700 0l-3 3a4 4 0 0 0 5.700 5.700l1-1" />
  ),
} satisfies Record<string, ComponentChildren>;

export type IconName = keyof typeof shapes;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      {shapes[name]}
    </svg>
  );
}
