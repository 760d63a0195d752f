/** A time of day, as its reader writes it; the date where it is not today. */
export function timeText(time: string | Date): string {
  const date = new Date(time);
  const isToday = date.toDateString() === new Date().toDateString();
  return isToday ? date.toLocaleTimeString() : date.toLocaleString();
}
