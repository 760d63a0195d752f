import { byId } from './dom.ts';

/** Calls `take` with the files that are chosen: at least one. */
export function watchFiles(take: (files: readonly File[]) => void): void {
  const picker = byId('files', HTMLInputElement);
  picker.addEventListener('change', () => {
    const files = [...(picker.files ?? [])];
    // The same file can be chosen again.
    picker.value = '';
    if (files.length > 0) take(files);
  });
}

/** Calls `take` with what is dropped anywhere: the files, if any, and the text, if any. */
export function watchDrops(take: (files: readonly File[], text: string) => void): void {
  const zone = byId('drop', HTMLElement);
  const over = (isOver: boolean) => (event: DragEvent) => {
    event.preventDefault();
    zone.dataset['state'] = isOver ? 'over' : '';
  };
  window.addEventListener('dragover', over(true));
  window.addEventListener('dragleave', over(false));
  window.addEventListener('drop', (event) => {
    over(false)(event);
    take([...(event.dataTransfer?.files ?? [])], event.dataTransfer?.getData('text/plain') ?? '');
  });
}
