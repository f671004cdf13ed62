use tokenscope::model::{self, Rows};
fn main() {
    let path = std::env::args().nth(1).unwrap();
    let t = std::time::Instant::now();
    let (mut m, _h) = model::load_file(path.as_ref()).unwrap();
    println!("{:?} {:#?}", t.elapsed(), m.info());
    let mut s = m.start();
    let toks: Vec<u32> = std::env::args()
        .skip(2)
        .map(|a| a.parse().unwrap())
        .collect();
    let t = std::time::Instant::now();
    let mut l = m.forward(&mut s, &toks, Rows::Last).unwrap();
    println!("prefill {:?}", t.elapsed());
    let t = std::time::Instant::now();
    let mut out = vec![];
    for _ in 0..32 {
        let best = (0..l.len()).max_by(|a, b| l[*a].total_cmp(&l[*b])).unwrap() as u32;
        out.push(best);
        l = m.forward(&mut s, &[best], Rows::Last).unwrap();
    }
    println!("{:?} per token; {:?}", t.elapsed() / 32, out);
}
