// qr.go draws a QR code (ISO/IEC 18004) as one path of an SVG image.

package otp

import (
	"fmt"
	"html/template"
	"strings"

	"rsc.io/qr"
)

const quiet = 4 // modules of margin (ISO/IEC 18004 §5.3.8)

// QR draws the text as an inline image. Dark on white in every theme: a camera wants it so.
func QR(text, label string) (template.HTML, error) {
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		return "", fmt.Errorf("drawing a QR code: %w", err)
	}
	var path strings.Builder
	for y := range code.Size {
		for x := 0; x < code.Size; x++ {
			width := 0
			for x+width < code.Size && code.Black(x+width, y) {
				width++
			}
			if width > 0 {
				fmt.Fprintf(&path, "M%d %dh%dv1h-%dz", x+quiet, y+quiet, width, width)
				x += width
			}
		}
	}
	side := code.Size + 2*quiet
	//nolint:gosec // numbers made here, and an escaped label
	return template.HTML(fmt.Sprintf(`<svg class="qr" role="img" aria-label="%s" viewBox="0 0 %d %d" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h%dv%dH0z"/><path d="%s"/></svg>`,
		template.HTMLEscapeString(label), side, side, side, side, path.String())), nil
}
