// pure
/** Names of files that claim to be pictures. Formats that are not taken are among them: they are named, not passed over in silence. */
export const PICTURE_NAME = /\.(jpe?g|jfif|png|webp|hei[cf]s?|hif|avifs?|gif|bmp|tiff?|dng|jxl|jp2)$/i;
