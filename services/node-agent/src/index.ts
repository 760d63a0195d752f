export { loadDefinitions, type Definitions } from './plugin/definitions.ts';
export { startDevicePlugin, type DevicePlugin, type DevicePluginOptions } from './plugin/device-plugin.ts';
export type { Resource } from './plugin/resource.ts';
