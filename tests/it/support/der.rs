//! A tree of DER values that can be changed and written again: for surgery on the unsigned parts of a CMS signature.

/// One value: its tag and what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) tag: u8,
    pub(crate) inside: Inside,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Inside {
    Bytes(Vec<u8>),
    Nodes(Vec<Node>),
}

impl Node {
    /// The one value that these bytes are.
    pub(crate) fn read(der: &[u8]) -> Self {
        let (node, rest) = Self::first(der);
        assert!(rest.is_empty(), "{} bytes after the value", rest.len());
        assert_eq!(node.write(), der, "it is DER");
        node
    }

    fn first(der: &[u8]) -> (Self, &[u8]) {
        let (tag, length, rest) = match der {
            [tag, length @ ..=0x7f, rest @ ..] => (*tag, usize::from(*length), rest),
            [tag, 0x81, length, rest @ ..] => (*tag, usize::from(*length), rest),
            [tag, 0x82, high, low, rest @ ..] => (*tag, usize::from(*high) << 8 | usize::from(*low), rest),
            _ => panic!("no DER that fixtures have"),
        };
        let (mut content, rest) = rest.split_at(length);
        let mut nodes = Vec::new();
        if tag & 0x20 == 0 {
            return (Self { tag, inside: Inside::Bytes(content.to_vec()) }, rest);
        }
        while !content.is_empty() {
            let (node, after) = Self::first(content);
            nodes.push(node);
            content = after;
        }
        (Self { tag, inside: Inside::Nodes(nodes) }, rest)
    }

    pub(crate) fn write(&self) -> Vec<u8> {
        let content = match &self.inside {
            Inside::Bytes(bytes) => bytes.clone(),
            Inside::Nodes(nodes) => nodes.iter().flat_map(Self::write).collect(),
        };
        let mut der = vec![self.tag];
        match u16::try_from(content.len()).expect("fixtures are small").to_be_bytes() {
            [0, length @ ..=0x7f] => der.push(length),
            [0, length] => der.extend([0x81, length]),
            [high, low] => der.extend([0x82, high, low]),
        }
        der.extend(content);
        der
    }

    pub(crate) fn nodes(&mut self) -> &mut Vec<Node> {
        match &mut self.inside {
            Inside::Nodes(nodes) => nodes,
            Inside::Bytes(_) => panic!("a primitive value"),
        }
    }

    pub(crate) fn bytes(&mut self) -> &mut Vec<u8> {
        match &mut self.inside {
            Inside::Bytes(bytes) => bytes,
            Inside::Nodes(_) => panic!("a constructed value"),
        }
    }
}

/// The fields of the `SignedData` in a `ContentInfo`.
pub(crate) fn signed_data(cms: &mut Node) -> &mut Vec<Node> {
    cms.nodes()[1].nodes()[0].nodes()
}

/// The certificates that come along.
pub(crate) fn certificates(cms: &mut Node) -> &mut Vec<Node> {
    signed_data(cms).iter_mut().find(|node| node.tag == 0xa0).expect("there are certificates").nodes()
}

/// The `SignerInfo`s.
pub(crate) fn signers(cms: &mut Node) -> &mut Vec<Node> {
    signed_data(cms).last_mut().expect("SignedData has fields").nodes()
}

/// The signed attributes of the only signer.
pub(crate) fn attributes(cms: &mut Node) -> &mut Vec<Node> {
    signers(cms)[0].nodes().iter_mut().find(|node| node.tag == 0xa0).expect("there are signed attributes").nodes()
}

/// The place of the attribute whose type ends so (PKCS#9: 3 content-type, 4 message-digest, 5 signing-time).
pub(crate) fn attribute(cms: &mut Node, pkcs9: u8) -> usize {
    const PKCS9: [u8; 8] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9];
    let is_it = |node: &mut Node| *node.nodes()[0].bytes() == [&PKCS9[..], &[pkcs9]].concat();
    attributes(cms).iter_mut().position(is_it).expect("the attribute is there")
}
