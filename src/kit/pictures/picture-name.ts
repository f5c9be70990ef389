// pure
/** Names of files that claim to be pictures. Formats that are not taken are among them: they are named, not passed over in silence. */
export const PICTURE_NAME = /\.(jpe?g|png|webp|heic|heif|hif|avif|gif|bmp|tiff?)$/i;
