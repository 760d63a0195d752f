export { chartFiles, type ChartSource } from './chart.ts';
export type { Panel } from './dashboard.ts';
export { monitoringObjects, type Monitoring } from './monitoring-objects.ts';
export { jobOf, type Alert, type MonitoringTarget } from './monitoring.ts';
export { introductionOf, monitoringSetting, objectsInPlace, placeSettings } from './service-settings.ts';
export { fallbacks, type Settings, type SettingValues } from './settings.ts';
