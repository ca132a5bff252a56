"""Languages: what files and people call them, as the shortest BCP 47 tag.

Containers use the three letters of ISO 639-2, in either of its two spellings; file names use anything.
BCP 47 (RFC 5646, section 2.2.1) wants the two letters of ISO 639-1 where there are any.
"""

from __future__ import annotations

import re
from typing import Final

UNKNOWN: Final = "und"
"""The tag where nobody said (ISO 639-2)."""

_TAG: Final = re.compile(r"([A-Za-z]{2,3})((?:[-_][A-Za-z0-9]{2,8})*)")

_KNOWN: Final = """
    af=afr am=amh ar=ara az=aze be=bel bg=bul bn=ben bo=tib,bod br=bre bs=bos ca=cat cs=cze,ces cy=wel,cym da=dan
    de=ger,deu el=gre,ell en=eng eo=epo es=spa et=est eu=baq,eus fa=per,fas fi=fin fo=fao fr=fre,fra fy=fry ga=gle
    gd=gla gl=glg gu=guj ha=hau he=heb hi=hin hr=hrv hu=hun hy=arm,hye id=ind ig=ibo is=ice,isl it=ita ja=jpn jv=jav
    ka=geo,kat kk=kaz km=khm kn=kan ko=kor ku=kur ky=kir la=lat lb=ltz lo=lao lt=lit lv=lav mi=mao,mri mk=mac,mkd
    ml=mal mn=mon mr=mar ms=may,msa mt=mlt my=bur,mya nb=nob ne=nep nl=dut,nld nn=nno no=nor oc=oci pa=pan pl=pol
    ps=pus pt=por qu=que rm=roh ro=rum,ron ru=rus rw=kin sa=san sd=snd si=sin sk=slo,slk sl=slv sm=smo so=som
    sq=alb,sqi sr=srp st=sot su=sun sv=swe sw=swa ta=tam te=tel tg=tgk th=tha tk=tuk tl=tgl tr=tur tt=tat ug=uig
    uk=ukr ur=urd uz=uzb vi=vie wo=wol xh=xho yi=yid yo=yor zh=chi,zho zu=zul
"""
_SHORT: Final = {long: short for short, longs in re.findall(r"(\w+)=([\w,]+)", _KNOWN) for long in longs.split(",")}
_TWO: Final = frozenset(_SHORT.values())


def bcp47(text: str) -> str | None:
    """The tag for `text` (`eng`, `EN`, `pt_BR`, `deu-AT`); None when it is not a language that we know.

    A known language with subtags keeps them, in the usual case: `pt-BR`, `zh-Hant`.
    """
    match = _TAG.fullmatch(text)
    if match is None:
        return None
    primary = match[1].lower()
    primary = _SHORT.get(primary, primary)
    if primary not in _TWO and primary != UNKNOWN:
        return None
    return "-".join([primary, *(_subtag(part) for part in re.split("[-_]", match[2]) if part)])


def _subtag(text: str) -> str:
    """A script is written `Hant`, a region `BR` (RFC 5646, section 2.1.1)."""
    if len(text) == 4:  # noqa: PLR2004 — that is what makes it a script
        return text.title()
    return text.upper() if len(text) == 2 else text.lower()  # noqa: PLR2004 — and this a region
