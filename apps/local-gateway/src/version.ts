/** The Kong whose behaviour this gateway stands in for; it says so in `Server` and `Via`. */
export const VERSION = '3.9.3';
