export { generateGo, type GoOptions } from './generate.ts';
