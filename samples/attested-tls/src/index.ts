export { attestedTlsProjectFolder } from './project-folder.ts';
