// qr.mjs reads a QR code as a phone does: from what is seen of it, by a program that did not make it.

import jsQR from 'jsqr';

/** readQR is the text of the code that an element of a page shows. */
export async function readQR(element) {
  const screenshot = (await element.screenshot()).toString('base64');
  const blank = await element.page().context().newPage(); // where no policy is in the way of decoding the picture
  try {
    const { data, width, height } = await blank.evaluate(async (png) => {
      const picture = await createImageBitmap(await (await fetch(`data:image/png;base64,${png}`)).blob());
      const canvas = new OffscreenCanvas(picture.width, picture.height).getContext('2d');
      canvas.drawImage(picture, 0, 0);
      const { data, width, height } = canvas.getImageData(0, 0, picture.width, picture.height);
      return { data: Array.from(data), width, height };
    }, screenshot);
    const found = jsQR(Uint8ClampedArray.from(data), width, height);
    if (!found) throw new Error('a camera finds no QR code there');
    return found.data;
  } finally {
    await blank.close();
  }
}
