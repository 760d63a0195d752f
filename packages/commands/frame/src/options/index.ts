import '../errors.ts';
export { isCalendarDay } from './calendar-day.ts';
export { eventsOption } from './events.ts';
export { hexOption } from './hex.ts';
export { limitIn, limitOption } from './limit.ts';
export { stateFolderOf, stateOption } from './state.ts';
