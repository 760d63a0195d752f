import '../errors.ts';
export { isCalendarDay } from './calendar-day.ts';
export { eventsOption } from './events.ts';
export { hexOption } from './hex.ts';
export { limitIn, limitOption } from './limit.ts';
export { isolationOption, platformOption } from './run.ts';
export { stateFolderOf, stateOption } from './state.ts';
