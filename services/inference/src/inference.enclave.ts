import './errors.ts';
import { inferenceApplication } from './inside/application.ts';

export const application = inferenceApplication();
