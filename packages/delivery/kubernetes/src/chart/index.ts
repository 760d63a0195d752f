export { baseFiles, chartFiles, type ChartSource } from './chart.ts';
export { fallbacks, type SettingValues, type Settings } from './settings.ts';
