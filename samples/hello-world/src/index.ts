export { helloWorldProjectFolder } from './project-folder.ts';
