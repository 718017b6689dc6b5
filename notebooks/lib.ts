/** What notebooks import. */
export { contents } from "./contents.ts";
export { type Data, open } from "./data.ts";
export { filterCounts } from "./filter_counts.ts";
export { frequentCategoriesChart } from "./frequent_categories.ts";
export { politicalPerDayChart } from "./political_per_day.ts";
export { postsPerDayChart } from "./posts_per_day.ts";
export { md, show } from "./show.ts";
