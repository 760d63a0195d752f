/** Whether a path has a step up: Kubernetes refuses it even where it would not lead out. */
export function hasBackstep(path: string): boolean {
  return path.split('/').includes('..');
}
