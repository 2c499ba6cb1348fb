//! Writes down a type of the runtime by what its bytes mean: wrappers and compact numbers are seen through, because values
//! are encoded and decoded by the runtime's own description.

use scale_info::{PortableRegistry, TypeDef, TypeDefComposite, TypeDefPrimitive, form::PortableForm};

/// Types of the suite are flat; a type that goes deeper is none of them.
const DEEPEST: usize = 12;
/// A description this long is no type of the suite, either.
const LONGEST: usize = 4096;

/// Describes a type: `u16`, `[u8; 32]`, `Vec<(u16, u16)>`, `Option<u64>`, `{a: u8, b: bool}`, `A | B(u16)`.
pub(super) fn describe(types: &PortableRegistry, id: u32) -> String {
    let mut out = String::new();
    write(types, id, DEEPEST, &mut out);
    out
}

fn write(types: &PortableRegistry, id: u32, depth: usize, out: &mut String) {
    let Some(ty) = types.resolve(id).filter(|_| depth > 0 && out.len() < LONGEST) else {
        out.push('…');
        return;
    };
    let deeper = depth - 1;
    let name = ty.path.ident();
    match &ty.type_def {
        TypeDef::Primitive(primitive) => out.push_str(self::primitive(primitive)),
        TypeDef::Compact(inner) => write(types, inner.type_param.id, deeper, out),
        TypeDef::Sequence(inner) => wrapped("Vec<", inner.type_param.id, ">", types, deeper, out),
        TypeDef::Array(array) => {
            wrapped("[", array.type_param.id, &format!("; {}]", array.len), types, deeper, out);
        }
        TypeDef::Tuple(tuple) => {
            let fields: Vec<_> = tuple.fields.iter().map(|field| (None, field.id)).collect();
            list("(", &fields, ")", types, deeper, out);
        }
        TypeDef::Composite(composite) => match sole(composite) {
            Some(inner) => write(types, inner, deeper, out),
            None => fields(&composite.fields, types, deeper, out),
        },
        TypeDef::Variant(variant) if name.as_deref() == Some("Option") => {
            let some = variant.variants.iter().find(|variant| variant.name == "Some");
            match some.and_then(|some| some.fields.first()) {
                Some(field) => wrapped("Option<", field.ty.id, ">", types, deeper, out),
                None => out.push('…'),
            }
        }
        TypeDef::Variant(variant) => {
            for (index, variant) in variant.variants.iter().enumerate() {
                if index > 0 {
                    out.push_str(" | ");
                }
                out.push_str(&variant.name);
                if !variant.fields.is_empty() {
                    fields(&variant.fields, types, deeper, out);
                }
            }
        }
        TypeDef::BitSequence(_) => out.push_str("bits"),
    }
}

/// The only field of a wrapper.
fn sole(composite: &TypeDefComposite<PortableForm>) -> Option<u32> {
    match composite.fields.as_slice() {
        [field] => Some(field.ty.id),
        _ => None,
    }
}

fn fields(fields: &[scale_info::Field<PortableForm>], types: &PortableRegistry, depth: usize, out: &mut String) {
    let named = fields.iter().any(|field| field.name.is_some());
    let (open, close) = if named { ("{", "}") } else { ("(", ")") };
    let fields: Vec<_> = fields.iter().map(|field| (field.name.as_deref(), field.ty.id)).collect();
    list(open, &fields, close, types, depth, out);
}

fn list(
    open: &str,
    fields: &[(Option<&str>, u32)],
    close: &str,
    types: &PortableRegistry,
    depth: usize,
    out: &mut String,
) {
    out.push_str(open);
    for (index, (name, id)) in fields.iter().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        if let Some(name) = name {
            out.push_str(name);
            out.push_str(": ");
        }
        write(types, *id, depth, out);
    }
    out.push_str(close);
}

fn wrapped(open: &str, id: u32, close: &str, types: &PortableRegistry, depth: usize, out: &mut String) {
    out.push_str(open);
    write(types, id, depth, out);
    out.push_str(close);
}

fn primitive(primitive: &TypeDefPrimitive) -> &'static str {
    match primitive {
        TypeDefPrimitive::Bool => "bool",
        TypeDefPrimitive::Char => "char",
        TypeDefPrimitive::Str => "str",
        TypeDefPrimitive::U8 => "u8",
        TypeDefPrimitive::U16 => "u16",
        TypeDefPrimitive::U32 => "u32",
        TypeDefPrimitive::U64 => "u64",
        TypeDefPrimitive::U128 => "u128",
        TypeDefPrimitive::U256 => "u256",
        TypeDefPrimitive::I8 => "i8",
        TypeDefPrimitive::I16 => "i16",
        TypeDefPrimitive::I32 => "i32",
        TypeDefPrimitive::I64 => "i64",
        TypeDefPrimitive::I128 => "i128",
        TypeDefPrimitive::I256 => "i256",
    }
}

/// Describes the fields of a struct that may stand in an option.
pub(super) fn fields_of(types: &PortableRegistry, id: u32) -> Option<Vec<(String, String)>> {
    let mut id = id;
    for _ in 0..DEEPEST {
        let ty = types.resolve(id)?;
        match &ty.type_def {
            TypeDef::Variant(variant) if ty.path.ident().as_deref() == Some("Option") => {
                id = variant.variants.iter().find(|variant| variant.name == "Some")?.fields.first()?.ty.id;
            }
            TypeDef::Composite(composite) => {
                let named =
                    composite.fields.iter().map(|field| Some((field.name.clone()?, describe(types, field.ty.id))));
                return named.collect();
            }
            TypeDef::Variant(_)
            | TypeDef::Sequence(_)
            | TypeDef::Array(_)
            | TypeDef::Tuple(_)
            | TypeDef::Primitive(_)
            | TypeDef::Compact(_)
            | TypeDef::BitSequence(_) => return None,
        }
    }
    None
}
