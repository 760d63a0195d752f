/** Whether the content of an enclave.json is a configuration of EGo: its file has the same name, and other keys. */
export function isEgoConfig(json: unknown): boolean {
  return typeof json === 'object' && json !== null && 'exe' in json && !('name' in json);
}
