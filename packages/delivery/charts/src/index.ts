export { baseFiles, chartFiles, type ChartSource } from './chart.ts';
export { dashboardMap, type Panel } from './dashboard.ts';
export { jobOf, podMonitor, prometheusRule, type Alert, type MonitoringTarget } from './monitoring.ts';
export { fallbacks, type Settings, type SettingValues } from './settings.ts';
