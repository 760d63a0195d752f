import { inferenceApplication } from './inside/application.ts';

export const application = inferenceApplication();
