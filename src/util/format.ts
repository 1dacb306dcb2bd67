/** Numbers as people read them. */

/** "1,234,567". */
export function counted(value: number): string {
  return value.toLocaleString("en-US");
}

/** "1 photo", "1,234 photos"; `plural` where it is not the noun with an s. */
export function quantity(value: number, noun: string, plural = `${noun}s`): string {
  return `${counted(value)} ${value === 1 ? noun : plural}`;
}

/** "45s", "12m", "3h 05m". */
export function duration(seconds: number): string {
  const minutes = Math.round(seconds / 60);
  if (seconds < 60) return `${Math.ceil(seconds)}s`;
  if (minutes < 60) return `${minutes}m`;
  return `${Math.floor(minutes / 60)}h ${String(minutes % 60).padStart(2, "0")}m`;
}

/** "1.5 GB", "3 MB": in powers of 1000, megabytes rounded up. */
export function inGigabytes(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.ceil(bytes / 1e6)} MB`;
}
