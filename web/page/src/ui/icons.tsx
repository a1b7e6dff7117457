/** The page's icons: strokes on a 24-unit grid, coloured by their text. */
import type { VNode } from 'preact';

const PATHS = {
  chat: 'M4 5h16v11H9l-5 4z',
  train: 'M4 19V5M4 19h16M7 15l4-5 3 3 5-7',
  kernels: 'M5 5h6v6H5zM13 13h6v6h-6zM13 5h6v6h-6zM5 13h6v6H5z',
  sun: 'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8M12 3v1.5M12 19.5V21M3 12h1.5M19.5 12H21M5.6 5.6l1 1M17.4 17.4l1 1M5.6 18.4l1-1M17.4 6.6l1-1',
  moon: 'M19.5 14.5A8 8 0 0 1 9.5 4.5a8 8 0 1 0 10 10z',
  auto: 'M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16M12 4v16M12 8h4.5M12 12h5.5M12 16h4.5',
  plus: 'M12 5v14M5 12h14',
  menu: 'M4 7h16M4 12h16M4 17h10',
  send: 'M12 19V5M6 11l6-6 6 6',
  stop: 'M7 7h10v10H7z',
  again: 'M20 11a8 8 0 1 0-2.3 5.7M20 5v6h-6',
  edit: 'M5 19l1-4L16 5l3 3L9 18zM14 7l3 3',
  trash: 'M5 7h14M10 7V4.5h4V7M7 7l1 13h8l1-13M10.5 11v5M13.5 11v5',
  copy: 'M9 9h11v11H9zM15 9V4H4v11h5',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  download: 'M12 4v11M7 11l5 5 5-5M5 20h14',
  upload: 'M12 20V9M7 13l5-5 5 5M5 4h14',
  sliders: 'M4 8h9M17 8h3M4 16h3M11 16h9M15 6v4M9 14v4',
  close: 'M6 6l12 12M18 6L6 18',
  pause: 'M8 6v12M16 6v12',
  play: 'M8 5l11 7-11 7z',
  warning: 'M12 4L3 19h18zM12 10v4M12 16.5v.5',
  search: 'M11 5a6 6 0 1 0 0 12 6 6 0 0 0 0-12M15.5 15.5L20 20',
  layers: 'M12 4l9 5-9 5-9-5zM4 13.5l8 4.5 8-4.5',
} as const;

/** An icon's name. */
export type IconName = keyof typeof PATHS;

/** An icon. It says nothing to a screen reader: the control around it has a label. */
export function Icon({ name }: { name: IconName }): VNode {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}

/** The mark: a bud with what grows in it. */
export function Mark(): VNode {
  return (
    <svg class="mark" viewBox="0 0 64 64" aria-hidden="true" focusable="false">
      <circle class="mark-body" cx="32" cy="32" r="30" />
      <circle class="mark-seed" cx="24" cy="25" r="8.5" />
      <circle cx="41" cy="23" r="5.5" opacity=".92" />
      <circle cx="43" cy="38" r="8" opacity=".72" />
      <circle cx="27" cy="43" r="6" opacity=".5" />
    </svg>
  );
}
