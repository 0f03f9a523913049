namespace RnnService.Training.Comparison.Experiments;

/// <summary>A formula of docs/equations.md, by whose name it is known; a test sees that each of its lines is there.</summary>
/// <param name="Name">What it is of.</param>
/// <param name="Lines">Its lines.</param>
internal sealed record Formula(string Name, params IReadOnlyList<string> Lines)
{
    public static readonly Formula Sum = new("sum", "sₜ = sₜ₋₁ + xₜ"), Elman = new("Elman", "hₜ = f(W xₜ + b + U hₜ₋₁ + c)");

    public static readonly Formula Reset = new("reset gate", "r = σ(Wᵣx + bᵣ + Uᵣh + cᵣ)"), Update = new("update gate", "z = σ(W_z x + b_z + U_z h + c_z)");

    public static readonly Formula GruAfter = new("gru", "n = tanh(Wₙx + bₙ + r ⊙ (Uₙh + cₙ))"), GruBefore = new("gru before", "n = tanh(Wₙx + bₙ + Uₙ(r ⊙ h) + cₙ)");

    public static readonly Formula GruState = new("GRU", "h' = (1 − z) ⊙ n + z ⊙ h"), LstmState = new("LSTM", "c' = f ⊙ c + i ⊙ g", "h' = o ⊙ tanh(c')");

    public static readonly Formula LstmGates = new("its gates", "i = σ(…)   f = σ(…)   g = tanh(…)   o = σ(…)      each of its block of W x + b + U h + c");

    public static readonly Formula Gradient = new("gradient", "∂L/∂h_{T−k} = Jᵀ_{T−k+1} … Jᵀ_T ∂L/∂h_T", "J_t = ∂h_t/∂h_{t−1}; with tanh it is diag(1 − h_t²) U");

    public static readonly Formula Clipping = new("clipping", "g ← g · min(1, clip/‖g‖)"), Orthogonal = new("rotation", "UᵀU = I");

    public static readonly Formula Dropout = new("dropout", "x ← m ⊙ x / (1−p)"), WeightDrop = new("weight drop", "U ← M ⊙ U / (1−p)");

    public static readonly Formula Attention = new("attention", "e_tj = v·tanh(W h_j + U s_t + b)", "α_t = softmax(e_t)          c_t = Σ_j α_tj h_j"), Written = new("written", "h̃_t = tanh(W [c_t;s_t] + b)", "p(y_t) = softmax(W_o h̃_t + b)");

    public static readonly Formula Weights = new("weights", "G·H (D + H + 2)");
}
