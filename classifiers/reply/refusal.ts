/** How models decline, by the first words of a reply. */
const DECLINES = new RegExp(
  "^(?:(?:i['’]?m|i am) (?:really |very |so )?sorry\\b|sorry,|i apologi[sz]e\\b|" +
    "(?:unfortunately,? )?i (?:cannot|can ?not|can['’]?t|won['’]?t|will not|am unable to|must decline|" +
    "am not able to|decline to)\\b|i['’]m (?:unable|not able) to\\b|as an ai\\b|" +
    "(?:es tut mir leid|leider kann ich)\\b)",
  "i",
);

/** Does a reply without any JSON object decline to answer? */
export function isRefusal(content: string): boolean {
  return !content.includes("{") && DECLINES.test(content.trim());
}
