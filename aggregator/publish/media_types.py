"""Media types by file extension, for enclosures that name none.

The standard library's table depends on the machine's configuration files and on Python's version;
equal items must give equal bytes, so we have our own.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from aggregator.model.document import Enclosure

UNKNOWN = "application/octet-stream"

_TYPES = {
    "aac": "audio/aac",
    "aif": "audio/aiff",
    "aiff": "audio/aiff",
    "flac": "audio/flac",
    "m4a": "audio/mp4",
    "m4b": "audio/mp4",
    "mid": "audio/midi",
    "mp3": "audio/mpeg",
    "oga": "audio/ogg",
    "ogg": "audio/ogg",
    "opus": "audio/ogg",
    "wav": "audio/wav",
    "weba": "audio/webm",
    "wma": "audio/x-ms-wma",
    "3gp": "video/3gpp",
    "avi": "video/x-msvideo",
    "flv": "video/x-flv",
    "m3u8": "application/vnd.apple.mpegurl",
    "m4v": "video/mp4",
    "mkv": "video/x-matroska",
    "mov": "video/quicktime",
    "mp4": "video/mp4",
    "mpeg": "video/mpeg",
    "mpg": "video/mpeg",
    "ogv": "video/ogg",
    "webm": "video/webm",
    "wmv": "video/x-ms-wmv",
    "avif": "image/avif",
    "bmp": "image/bmp",
    "gif": "image/gif",
    "heic": "image/heic",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "png": "image/png",
    "svg": "image/svg+xml",
    "tif": "image/tiff",
    "tiff": "image/tiff",
    "webp": "image/webp",
    "7z": "application/x-7z-compressed",
    "csv": "text/csv",
    "doc": "application/msword",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "epub": "application/epub+zip",
    "gz": "application/gzip",
    "htm": "text/html",
    "html": "text/html",
    "json": "application/json",
    "mobi": "application/x-mobipocket-ebook",
    "pdf": "application/pdf",
    "ppt": "application/vnd.ms-powerpoint",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "srt": "application/x-subrip",
    "torrent": "application/x-bittorrent",
    "txt": "text/plain",
    "vtt": "text/vtt",
    "xls": "application/vnd.ms-excel",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "xml": "application/xml",
    "zip": "application/zip",
}


def media_type(enclosure: Enclosure) -> str:
    """The stated type if it is one ("audio" alone is none), else that of the address's extension."""
    major, slash, minor = enclosure.media_type.partition("/")
    if major and slash and minor:
        return enclosure.media_type
    try:
        path = urlsplit(enclosure.url).path
    except ValueError:  # such as an unclosed "[" in the host
        return UNKNOWN
    name, dot, extension = path.rpartition("/")[2].rpartition(".")
    return _TYPES.get(extension.lower(), UNKNOWN) if name and dot else UNKNOWN
