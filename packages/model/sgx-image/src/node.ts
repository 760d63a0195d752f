export { measureEnclaveImage, meterEnclaveImage, type MeteredImage } from './node/measure.ts';
