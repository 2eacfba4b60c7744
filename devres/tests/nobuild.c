// SPDX-License-Identifier: GPL-2.0
/*
 * What mustn't build: scripts/lint compiles this once for each case, with its name defined,
 * and once with none.
 *
 * A case begins with #ifdef and has a comment with the words that the compiler has to say.
 */

#include <bound/bound_bar.h>
#include <bound/bound_iomem.h>

DECLARE_BOUND_BAR(small_bar, 0x100);
DECLARE_BOUND_BAR(odd_bar, 0x102);
DECLARE_BOUND_BAR(large_bar, 0x1000);
DECLARE_BOUND_IOMEM(small_io, 0x100);

static void __used nobuild(const struct bound_token *tok, struct small_bar *small,
			   struct odd_bar *odd, struct bound_bar *plain,
			   struct small_io *io, struct bound_gate *gate, struct pci_dev *pdev)
{
	struct large_bar *large = NULL;

	/* The same accesses as below where they are right. */
	bound_bar_write8(tok, small, 0xff, 0);
	bound_bar_write32(tok, small, 0xfc, bound_bar_read32(tok, odd, 0xfc));
	bound_bar_write64(tok, small, 0xf8, bound_bar_read16(tok, odd, 0x100));
	bound_bar_write32(tok, plain, 0x100, 0);
	bound_iomem_write32(tok, io, 0xfc, 0);
	if (!bound_bar_map_sized(&large, gate, pdev, 0, "nobuild"))
		bound_bar_write32(tok, large, 0xffc, 0);

#ifdef NOBUILD_READ_AT_END	/* outside of the handle's size */
	bound_bar_write32(tok, plain, 0, bound_bar_read32(tok, small, 0x100));
#endif
#ifdef NOBUILD_WRITE_AT_END	/* outside of the handle's size */
	bound_bar_write32(tok, small, 0x100, 0);
#endif
#ifdef NOBUILD_LAST_BYTE	/* outside of the handle's size */
	bound_bar_write8(tok, small, 0x100, 0);
#endif
#ifdef NOBUILD_HALF_INSIDE	/* outside of the handle's size */
	bound_bar_write32_relaxed(tok, odd, 0x100, 0);
#endif
#ifdef NOBUILD_FAR_OUTSIDE	/* outside of the handle's size */
	bound_bar_write64_relaxed(tok, small, 0xfffffffffffffff8ULL, 0);
#endif
#ifdef NOBUILD_NEGATIVE		/* outside of the handle's size */
	bound_bar_write32(tok, small, -4, 0);
#endif
#ifdef NOBUILD_MISALIGNED	/* misaligned register offset */
	bound_bar_write32(tok, small, 2, 0);
#endif
#ifdef NOBUILD_MISALIGNED_READ	/* misaligned register offset */
	bound_bar_write8(tok, small, 0, bound_bar_read64_relaxed(tok, small, 4));
#endif
#ifdef NOBUILD_MISALIGNED_PLAIN	/* misaligned register offset */
	bound_bar_write16(tok, plain, 1, 0);
#endif
#ifdef NOBUILD_UNCHECKED	/* incompatible pointer type */
	large = plain;
#endif
#ifdef NOBUILD_LARGER		/* incompatible pointer type */
	large = small;
#endif
#ifdef NOBUILD_IOMEM_AT_END	/* outside of the handle's size */
	bound_iomem_write32(tok, io, 0x100, 0);
#endif
#ifdef NOBUILD_IOMEM_AS_BAR	/* a handle of another kind of resource */
	bound_bar_write32(tok, io, 0, 0);
#endif
#ifdef NOBUILD_BAR_AS_IOMEM	/* a handle of another kind of resource */
	bound_iomem_write32(tok, plain, 0, 0);
#endif
#ifdef NOBUILD_BAR_INTO_IOMEM	/* a handle of another kind of resource */
	(void)!bound_bar_map_sized(&io, gate, pdev, 0, "nobuild");
#endif
}
