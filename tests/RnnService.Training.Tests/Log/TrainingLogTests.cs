using CsCheck;
using RnnService.Training.Log;
using Xunit;

namespace RnnService.Training.Tests.Log;

public sealed class TrainingLogTests : IDisposable
{
    private static readonly Gen<double> Number = Gen.OneOf(Gen.Double, Gen.Const(double.NaN), Gen.Const(double.NegativeInfinity));

    private static readonly Gen<LogRecord> AnyRecord = Gen.OneOf<LogRecord>(
        Gen.Select(Gen.Long[0, 1_000_000], Number, Number, Number, Number, Number)
            .Select((step, epoch, loss, rate, norm, speed) => (LogRecord)new StepRecord(step, epoch, loss, rate, norm, speed, 1.5)),
        Gen.Select(Gen.Long[0, 1_000_000], Number, Number, Gen.String.Null(), Gen.Double[-1, 1].Nullable(), Gen.Bool)
            .Select((step, epoch, loss, metric, value, best) => (LogRecord)new EvaluationRecord(step, epoch, loss, metric, value, best)),
        Gen.Select(Gen.Long[0, 1_000_000], Gen.String).Select((step, text) => (LogRecord)new NoteRecord(step, text)));

    private readonly ScratchFolder _folder = new();

    private string Path => _folder["log.jsonl"];

    public void Dispose() => _folder.Dispose();

    private static StepRecord Step(long step) => new(step, step / 100.0, 1.25, 0.002, 0.75, 5000, step * 0.1);

    private void Write(params LogRecord[] records)
    {
        using var log = TrainingLog.Open(Path);
        foreach (var record in records) log.Append(record);
    }

    private IEnumerable<long> Steps() => TrainingLog.Read(Path).Select(record => record.Step);

    [Fact]
    public void A_record_is_one_line_of_JSON()
    {
        Write(
            new NoteRecord(0, "started on \"宋词\"\nwith 2 lines"),
            new StepRecord(9, 0.5, 2, 1, double.PositiveInfinity, 3, 6),
            new EvaluationRecord(200, 1, double.NaN, "accuracy", 0.8125, true),
            new EvaluationRecord(300, 1.5, 1.5, null, null, false));

        Assert.Equal(
            """
            {"kind":"note","step":0,"text":"started on \"宋词\"\nwith 2 lines"}
            {"kind":"step","step":9,"epoch":0.5,"loss":2,"learning_rate":1,"gradient_norm":null,"tokens_per_second":3,"elapsed_seconds":6}
            {"kind":"eval","step":200,"epoch":1,"valid_loss":null,"metric":"accuracy","value":0.8125,"best":true}
            {"kind":"eval","step":300,"epoch":1.5,"valid_loss":1.5,"metric":null,"value":null,"best":false}

            """.ReplaceLineEndings("\n"),
            File.ReadAllText(Path));
    }

    [Fact]
    public void Records_come_back_as_they_were_written_and_what_is_not_finite_as_NaN()
    {
        static double Back(double number) => double.IsFinite(number) ? number : double.NaN;
        AnyRecord.Array[0, 8].Sample(
            records =>
            {
                File.Delete(Path);
                Write(records);
                var wanted = records.Select(record => record switch
                {
                    StepRecord step => step with
                    {
                        Epoch = Back(step.Epoch),
                        Loss = Back(step.Loss),
                        LearningRate = Back(step.LearningRate),
                        GradientNorm = Back(step.GradientNorm),
                        TokensPerSecond = Back(step.TokensPerSecond),
                    },
                    EvaluationRecord one => one with { Epoch = Back(one.Epoch), ValidLoss = Back(one.ValidLoss) },
                    _ => record,
                });
                Assert.Equal(wanted, TrainingLog.Read(Path));
            },
            iter: 100,
            threads: 1);
    }

    [Fact]
    public void A_record_can_be_read_while_the_log_is_open()
    {
        using var log = TrainingLog.Open(Path);
        log.Append(Step(1));
        Assert.Equal([Step(1)], TrainingLog.Read(Path));
        log.Append(Step(2));
        Assert.Equal([1, 2], Steps());
    }

    [Fact]
    public void Opening_again_appends()
    {
        Write(Step(1), Step(2));
        Write(Step(3));
        Assert.Equal([1, 2, 3], Steps());
    }

    [Fact]
    public void Truncation_keeps_the_records_up_to_a_step_for_every_step()
    {
        Gen.Select(Gen.Int[0, 12], Gen.Int[-1, 14]).Sample(
            (count, last) =>
            {
                File.Delete(Path);
                Write([.. Enumerable.Range(0, count).Select(step => Step(step))]);
                using (var log = TrainingLog.Open(Path))
                {
                    log.TruncateAfter(last);
                    log.Append(Step(99));
                }

                Assert.Equal([.. Enumerable.Range(0, count).Where(step => step <= last).Select(step => (long)step), 99], Steps());
            },
            iter: 100,
            threads: 1);
    }

    [Fact]
    public void Wherever_a_crash_cuts_the_file_only_the_line_it_hits_is_lost()
    {
        Write(Step(1), new NoteRecord(2, "宋"), Step(3));
        byte[] whole = File.ReadAllBytes(Path);
        for (int length = 0; length <= whole.Length; length++)
        {
            int complete = whole.AsSpan(0, length).Count((byte)'\n');
            _folder.Write("log.jsonl", whole[..length]);
            Assert.Equal(complete, TrainingLog.Read(Path).Count);

            Write(Step(4));
            Assert.Equal([.. new long[] { 1, 2, 3 }.Take(complete), 4], Steps());
        }
    }

    [Theory]
    [InlineData("not JSON")]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("""{"kind":"step"}""")]
    [InlineData("""{"kind":"stop","step":3}""")]
    [InlineData("""{"step":3}""")]
    [InlineData("""{"kind":"note","step":3,"text":5}""")]
    public void A_line_that_is_no_record_is_named_and_nothing_is_removed(string line)
    {
        Write(Step(1));
        File.AppendAllText(Path, line + "\n");
        Write(Step(5));
        byte[] before = File.ReadAllBytes(Path);

        string message = Assert.Throws<InvalidDataException>(() => TrainingLog.Read(Path)).Message;
        Assert.StartsWith($"{Path}, line 2: not a record of a training log (", message);
        using (var log = TrainingLog.Open(Path))
        {
            Assert.Equal(message, Assert.Throws<InvalidDataException>(() => log.TruncateAfter(0)).Message);
        }

        Assert.Equal(before, File.ReadAllBytes(Path));
    }

    [Fact]
    public void Fields_in_any_order_and_more_of_them_are_read()
    {
        _folder.Write("log.jsonl", """{"step":7,"later":[1],"text":"x","kind":"note"}""" + "\n");
        Assert.Equal([new NoteRecord(7, "x")], TrainingLog.Read(Path));
    }
}
