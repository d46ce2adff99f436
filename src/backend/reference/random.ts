export const random = {};
