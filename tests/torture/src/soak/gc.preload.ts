// Loaded with `--import` before a platform whose memory is measured: it collects its garbage at SIGUSR2.
import { collectGarbage } from './collect-garbage.ts';

process.on('SIGUSR2', () => collectGarbage());
