<?xml version="1.0"?>
<CHANNEL HREF="http://harbour.example/cdf/" BASE="http://harbour.example/cdf/" LASTMOD="1998-01-02T03:04">
<TITLE>Push harbour</TITLE><ABSTRACT>Pushed to your desktop</ABSTRACT><LOGO HREF="http://harbour.example/l.gif" STYLE="IMAGE"/>
<ITEM HREF="http://harbour.example/cdf/1.html" LASTMOD="1998-01-02T03:04"><TITLE>First push</TITLE><ABSTRACT>What was pushed</ABSTRACT></ITEM>
</CHANNEL>
