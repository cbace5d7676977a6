#!/usr/bin/env bash
# Makes the seeds of the fuzz targets anew from tests/fixtures. Finds, which are kept as fuzz/corpus/TARGET/find-…, stay.
# Needed: bash, coreutils, awk, the openssl command.
set -euo pipefail
export LC_ALL=C
cd "$(dirname "$0")"
fixtures=../tests/fixtures

for target in message certdata cms ldif certificate_and_crl verify compose_parse_verify brief brief_check dsn mbox dossier_ops; do
    mkdir -p "corpus/$target"
    find "corpus/$target" -type f ! -name 'find-*' -delete
done

# The body of the first part of a message whose header matches a pattern, decoded from base64.
decoded_part() {
    tr -d '\r' < "$1" | awk -v pattern="$2" '
        /^--/ { inside = 0; header = 1; wanted = 0; next }
        header && $0 ~ pattern { wanted = 1 }
        header && /^$/ { header = 0; inside = wanted && !done; done = done || wanted; next }
        inside' | base64 -d
}

for name in valid/accettazione valid/anomalia-ordinaria valid/avvenuta-consegna-breve-nomi-2231 valid/lista valid/ordinaria valid/ordinaria-multipart \
    valid/posta-certificata-nomi-2047 variant/boundary-coppia variant/daticert-qp variant/intestazioni-ripiegate variant/postacert-base64; do
    # Without most of the signature, which is as large as all the rest and means nothing to this target.
    awk '/^--/ { cut = 0; header = 1 } header && /smime\.p7s/ { cut = 1 } /^\r?$/ { header = 0; kept = 0 } !(cut && !header) || kept++ < 2' \
        "$fixtures/$name.eml" > "corpus/message/$(basename "$name").eml"
done
for name in valid/accettazione valid/anomalia-ordinaria valid/avvenuta-consegna-sintetica variant/mbox-lf variant/from-nome variant/ecdsa-p256 \
    variant/pss variant/senza-certificati; do
    cp "$fixtures/$name.eml" corpus/verify/
done
for name in valid/accettazione variant/ber variant/cades variant/certificati-in-piu variant/ecdsa-p384 variant/pss variant/senza-certificati \
    variant/sha1 variant/ski variant/tre-attributi; do
    decoded_part "$fixtures/$name.eml" 'smime\\.p7s' > "corpus/cms/$(basename "$name").der"
done
for name in valid/accettazione valid/accettazione-accenti valid/avvenuta-consegna-breve valid/errore-consegna-altro valid/posta-certificata-completa \
    valid/presa-in-carico valid/preavviso-24h valid/rilevazione-virus variant/daticert-bom variant/daticert-cdata variant/daticert-doctype \
    variant/daticert-elemento-ignoto variant/daticert-latin1 variant/daticert-predefiniti; do
    decoded_part "$fixtures/$name.eml" 'daticert\\.xml' > "corpus/certdata/$(basename "$name").xml"
done
for name in breve breve-nomi; do
    cp "$fixtures/originals/$name.eml" corpus/brief/
done
# The original, a NUL, a copy.
for name in breve breve-nomi; do
    { cat "$fixtures/originals/$name.eml"; printf '\000'; sed -e 's/Buongiorno/Buonasera/' "$fixtures/originals/$name.eml"; } > "corpus/brief_check/$name.eml"
done
printf 'Content-Type: a/b; name=c\n\nx\n\000Content-Type: text/plain; name=c.hash\n\n11f6ad8ec52a2984abaafd7c3b516503785c2072\n' > corpus/brief_check/one-part
# The kind, the subject, the original.
printf '\000Richiesta\nFrom: anna@pec.gestoreuno.example\r\n\r\nciao\r\n' > corpus/compose_parse_verify/envelope
printf '\204=?utf-8?q?x?= <b>\n\nciao\n' > corpus/compose_parse_verify/complete-html
{ printf '\005Richiesta\n'; cat "$fixtures/originals/breve.eml"; } > corpus/compose_parse_verify/brief
printf '\010"To" manca & <basta>\n' > corpus/compose_parse_verify/refusal
# What is done, with which receipt, what is changed of it, and to what.
printf '\000\004\000\000\200\005\000\000\001\002\000\000\003\000\000\000' > corpus/dossier_ops/verified
printf '\000\004\000\000\002\002\001\003\202\004\002\001\002\006\007\000\203\000\000\000' > corpus/dossier_ops/records
printf '\000\022\000\000\002\024\003\000\201\013\000\000\002\020\000\001' > corpus/dossier_ops/foreign
for name in root issuing uno pss p256 legacy email-in-subject unknown-critical; do
    openssl x509 -in "$fixtures/pki/$name.pem" -outform DER -out "corpus/certificate_and_crl/$name.der"
done
cat "$fixtures/pki/uno.pem" "$fixtures/pki/due.pem" > corpus/certificate_and_crl/two.pem
cp "$fixtures"/pki/{root,issuing,issuing-stale,issuing-forged}.crl corpus/certificate_and_crl/

# Bounces: of an envelope, with its header; of a message, with all of it, in base64 and without the blank line before the recipient.
printf '%s\n' 'From: MAILER-DAEMON@mx.example' 'Content-Type: multipart/report; report-type=delivery-status; boundary=b' '' '--b' '' 'Non consegnato.' '--b' \
    'Content-Type: message/delivery-status' '' 'Reporting-MTA: dns; mx.example' 'Arrival-Date: Sun, 22 Nov 2026 10:00:00 +0100' '' \
    'Original-Recipient: rfc822; anna@posta.example' 'Final-Recipient: rfc822; <anna@mx.example>' 'Action: failed (gave up)' 'Status: 5.1.1' \
    'Remote-MTA: dns; mx.posta.example' 'Diagnostic-Code: smtp; 550 5.1.1' ' no such user' 'Last-Attempt-Date: Sun, 22 Nov 2026 10:00:05 +0100' '' \
    'Final-Recipient: x400; /C=IT/' 'Action: delayed' 'Status: 4.4.1' 'Will-Retry-Until: Tue, 24 Nov 2026 10:00:00 +0100' 'X-Altro: si' '--b' \
    'Content-Type: text/rfc822-headers' '' 'Message-ID: <opec1@pec.example>' 'X-Riferimento-Message-ID: <abc$1@client.example>' '--b--' > corpus/dsn/headers
printf '%s\n' 'Content-Type: multipart/report; boundary=b' '' '--b' 'Content-Type: message/delivery-status' 'Content-Transfer-Encoding: base64' '' \
    "$(printf 'Reporting-MTA: dns; mx.example\r\nFinal-Recipient: rfc822; anna@posta.example\r\nAction: failed\r\n' | base64 -w 76)" '--b' \
    'Content-Type: message/rfc822' '' 'Message-ID: <1@pec.example>' '' 'ciao' '--b--' > corpus/dsn/glued

# The size of the pieces, the file.
{ printf '\007'; cat "$fixtures/variant/mbox-lf.eml" | head -c 2000; printf '\n\n'; head -c 1500 "$fixtures/variant/mbox-lf.eml"; } > corpus/mbox/two
printf '\001garbage\r\nFrom a@x.example Sun Nov 22 10:00:00 2026\r\nA: b\r\n\r\n>From x\r\n>>From y\r\n\r\nFrom - Mon Jan  1 00:00 +0100 1965\r\nFrom b\r\n\r\nFrom c\r\n' \
    > corpus/mbox/quoted

# The fixtures' directories are large for a fuzzer: each has several certificates in each of several records. These have one.
p256=$(openssl x509 -in "$fixtures/pki/p256.pem" -outform DER | base64 -w 0)
hash=$(openssl x509 -in "$fixtures/pki/p256.pem" -outform DER | sha1sum | cut -c1-40)
cat > corpus/ldif/plain.ldif <<EOF
dn: o=postacert
objectClass: top
objectClass: organization
o: postacert
LDIFLocationURL: https://indice.example/tutti.ldif.p7m

dn: providerName=Gestore Uno\\, S.p.A.,o=postacert
objectClass: provider
objectClass: LDIFLocationURLObject
providerName: Gestore Uno, S.p.A.
providerCertificateHash: $hash
providerCertificate;binary:: $p256
mailReceipt: ricezione@pec.uno.example
LDIFLocationURL: https://pec.uno.example/uno.ldif.p7m
managedDomains: pec.uno.example
managedDomains: Posta.Uno.example
description:: UG9zdGEgY2VydGlmaWNhdGEgcGVyIHNvY2lldMOg

dn: providerUnit=Secondario,providerName=Gestore Uno\\, S.p.A.,o=postacert
objectClass: provider
providerName: Gestore Uno, S.p.A.
providerUnit: Secondario
mailReceipt: ricezione@interna.uno.example
managedDomains: interna.uno.example
EOF
sed -e 's/^dn: o=/version: 1\n# un commento\n#  e un altro\n  ripiegato\n&/' -e 's/objectClass/OBJECTCLASS/' -e 's/managedDomains/ManagedDomains/' \
    -e 's/$/\r/' corpus/ldif/plain.ldif > corpus/ldif/other-case-crlf.ldif
awk '{ for (; length($0) > 30; $0 = " " substr($0, 31)) print substr($0, 1, 30); print }' corpus/ldif/plain.ldif > corpus/ldif/folded.ldif
sed -e '/^$/d' -e 's/^\(providerCertificate.*:\) \(.\{20\}\)/\1\n  \2\n /' corpus/ldif/plain.ldif > corpus/ldif/rfc-style.ldif
{
    printf 'dn: providerName=Due,o=postacert\nchangetype: modify\nadd: managedDomains\nmanagedDomains: x.example\n-\n\n'
    sed -e 's/^description.*/description:< file:\/\/\/etc\/hostname/' -e "s/^providerCertificateHash: ../&0/" \
        -e 's/interna.uno/pec.uno/' corpus/ldif/plain.ldif
} > corpus/ldif/faulty.ldif

find corpus -type f -empty | sed 's/$/ is empty/' | { ! grep . >&2; }
find corpus -type f -printf '%s\n' | awk '{ bytes += $1 } END { print NR " seeds, " bytes " bytes" }'
