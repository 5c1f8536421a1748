/** What templates may call besides Handlebars' own `each` and `if`. */
export const helpers = {
    /** `{{join names}}`: the items of a list, separated by one blank. */
    join: (items: readonly string[]): string => items.join(" "),
};
