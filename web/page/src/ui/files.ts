/** Files in and out of the page. */

/** Offers bytes or text as a download. */
export function offer(name: string, content: BlobPart, type: string): void {
  const address = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  // The click reads the address in a later task.
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** The files of a drop. */
export function dropped(event: DragEvent): File[] {
  return [...(event.dataTransfer?.files ?? [])];
}
